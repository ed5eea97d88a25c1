//! Operands in the order in which the inner loop reads them.

use std::arch::x86_64::{
    __m256bh, __m256i, __m512, __m512bh, __m512i, _mm512_castps_si512, _mm512_castsi512_ps,
    _mm512_cvtepu16_epi32, _mm512_cvtne2ps_pbh, _mm512_cvtneps_pbh, _mm512_maskz_loadu_ps,
    _mm512_or_si512, _mm512_setzero_ps, _mm512_shuffle_i32x4, _mm512_slli_epi32, _mm512_storeu_ps,
    _mm512_unpackhi_epi32, _mm512_unpackhi_epi64, _mm512_unpacklo_epi32, _mm512_unpacklo_epi64,
};
use std::mem::transmute;

use crate::kernels::matrix::Matrix;
use crate::kernels::parallel::for_each_chunk;

/// Rows of a left operand, or columns of a right one, in a panel.
pub(super) const LANES: usize = 16;

/// A matrix cut into panels of [`LANES`] lanes. A panel is a run of steps, each with one 32-bit place a lane: two
/// neighbouring numbers as bfloat16. What lies past the matrix is zero.
pub(super) struct Panels {
    places: Vec<Step>,
    steps: usize,
}

/// One step of a panel, in one line of the caches: a load that crosses two costs twice as much.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Step([f32; LANES]);

/// Where a panel's numbers come from.
#[derive(Clone, Copy)]
struct Source {
    start: *const f32,
    /// Lanes that there are.
    lanes: usize,
    /// Numbers in each lane.
    depth: usize,
    lane_stride: usize,
    depth_stride: usize,
}

// SAFETY: it is only read from, and lives while the matrix is borrowed.
unsafe impl Sync for Source {}

impl Panels {
    /// The rows of a left operand.
    pub(super) fn of_rows(matrix: Matrix<'_>) -> Self {
        Self::of_columns(matrix.transposed())
    }

    /// The columns of a right operand.
    pub(super) fn of_columns(matrix: Matrix<'_>) -> Self {
        let source = Source {
            start: matrix.numbers.as_ptr(),
            lanes: matrix.columns,
            depth: matrix.rows,
            lane_stride: matrix.column_stride,
            depth_stride: matrix.row_stride,
        };
        let steps = source.depth.div_ceil(2);
        let mut places = vec![Step([0.0; LANES]); source.lanes.div_ceil(LANES) * steps];
        // SAFETY: a step is `LANES` numbers and nothing else.
        let numbers = unsafe {
            std::slice::from_raw_parts_mut(places.as_mut_ptr().cast(), places.len() * LANES)
        };
        for_each_chunk(numbers, LANES * steps, |panel, places| {
            // SAFETY: the processor has the instructions: whoever asks for panels made sure of that.
            unsafe { fill(source.panel(panel), places) };
        });
        Self { places, steps }
    }

    pub(super) fn steps(&self) -> usize {
        self.steps
    }

    /// From a panel to the next.
    pub(super) fn panel_length(&self) -> usize {
        LANES * self.steps
    }

    /// The first place of a panel's step.
    pub(super) fn at(&self, panel: usize, step: usize) -> *const f32 {
        self.places[panel * self.steps + step].0.as_ptr()
    }
}

impl Source {
    fn panel(self, panel: usize) -> Self {
        let first = panel * LANES;
        Self {
            // SAFETY: there is a panel only where there are lanes.
            start: unsafe { self.start.add(first * self.lane_stride) },
            lanes: LANES.min(self.lanes - first),
            ..self
        }
    }

    /// `LANES` neighbouring numbers from `lane` and `depth` on, along the lanes or along the depth; zeros past the end.
    #[target_feature(enable = "avx512f")]
    #[inline]
    fn load(&self, lane: usize, depth: usize, along_lanes: bool) -> __m512 {
        let left = match along_lanes {
            true if depth < self.depth => self.lanes.saturating_sub(lane),
            false if lane < self.lanes => self.depth.saturating_sub(depth),
            _ => 0,
        };
        let mask = match left {
            0 => return _mm512_setzero_ps(),
            1..LANES => (1 << left) - 1,
            _ => u16::MAX,
        };
        // SAFETY: the mask leaves what lies in the matrix, where neighbours are one number apart.
        unsafe {
            let from = self
                .start
                .add(lane * self.lane_stride + depth * self.depth_stride);
            _mm512_maskz_loadu_ps(mask, from)
        }
    }
}

/// Rounds a panel's numbers into its places.
#[target_feature(enable = "avx512f,avx512bf16")]
fn fill(source: Source, places: &mut [f32]) {
    if source.lane_stride == 1 {
        for (step, places) in places.chunks_exact_mut(LANES).enumerate() {
            let low = wide(source.load(0, 2 * step, true));
            let high = wide(source.load(0, 2 * step + 1, true));
            let pairs = _mm512_or_si512(low, _mm512_slli_epi32::<16>(high));
            store(places, _mm512_castsi512_ps(pairs));
        }
        return;
    }
    for (block, places) in places.chunks_mut(LANES * LANES).enumerate() {
        let mut lanes = [_mm512_setzero_ps(); LANES];
        for (lane, pairs) in lanes.iter_mut().enumerate() {
            let first = block * 2 * LANES;
            let low = source.load(lane, first, false);
            let high = source.load(lane, first + LANES, false);
            // SAFETY: both are 512 bits of which every pattern is allowed.
            *pairs = unsafe { transmute::<__m512bh, __m512>(_mm512_cvtne2ps_pbh(high, low)) };
        }
        transpose(lanes, places);
    }
}

/// Numbers as bfloat16, each in the low half of its place.
#[target_feature(enable = "avx512f,avx512bf16")]
#[inline]
fn wide(numbers: __m512) -> __m512i {
    // SAFETY: both are 256 bits of which every pattern is allowed.
    _mm512_cvtepu16_epi32(unsafe { transmute::<__m256bh, __m256i>(_mm512_cvtneps_pbh(numbers)) })
}

#[target_feature(enable = "avx512f")]
#[inline]
fn store(places: &mut [f32], numbers: __m512) {
    assert!(places.len() >= LANES, "a step of too few places");
    // SAFETY: there are `LANES` places.
    unsafe { _mm512_storeu_ps(places.as_mut_ptr(), numbers) };
}

/// Writes 16 steps of 16 lanes, which come lane by lane, step by step; fewer steps where fewer places are left.
#[target_feature(enable = "avx512f")]
#[inline]
fn transpose(lanes: [__m512; LANES], places: &mut [f32]) {
    let zero = _mm512_castps_si512(_mm512_setzero_ps());
    let (mut from, mut to) = ([zero; LANES], [zero; LANES]);
    for (place, lane) in from.iter_mut().zip(lanes) {
        *place = _mm512_castps_si512(lane);
    }
    // Within each quarter of 128 bits: four lanes by four steps.
    for pair in 0..LANES / 2 {
        let (a, b) = (from[2 * pair], from[2 * pair + 1]);
        to[2 * pair] = _mm512_unpacklo_epi32(a, b);
        to[2 * pair + 1] = _mm512_unpackhi_epi32(a, b);
    }
    for four in (0..LANES).step_by(4) {
        from[four] = _mm512_unpacklo_epi64(to[four], to[four + 2]);
        from[four + 1] = _mm512_unpackhi_epi64(to[four], to[four + 2]);
        from[four + 2] = _mm512_unpacklo_epi64(to[four + 1], to[four + 3]);
        from[four + 3] = _mm512_unpackhi_epi64(to[four + 1], to[four + 3]);
    }
    // Then the quarters themselves: number `q` of `from[4 f + s]` holds step `4 q + s` of the lanes from `4 f` on.
    for step in 0..4 {
        let [a, b, c, d] = [from[step], from[4 + step], from[8 + step], from[12 + step]];
        let (ab_even, ab_odd) = (
            _mm512_shuffle_i32x4::<0b10_00_10_00>(a, b),
            _mm512_shuffle_i32x4::<0b11_01_11_01>(a, b),
        );
        let (cd_even, cd_odd) = (
            _mm512_shuffle_i32x4::<0b10_00_10_00>(c, d),
            _mm512_shuffle_i32x4::<0b11_01_11_01>(c, d),
        );
        to[step] = _mm512_shuffle_i32x4::<0b10_00_10_00>(ab_even, cd_even);
        to[8 + step] = _mm512_shuffle_i32x4::<0b11_01_11_01>(ab_even, cd_even);
        to[4 + step] = _mm512_shuffle_i32x4::<0b10_00_10_00>(ab_odd, cd_odd);
        to[12 + step] = _mm512_shuffle_i32x4::<0b11_01_11_01>(ab_odd, cd_odd);
    }
    for (places, step) in places.chunks_exact_mut(LANES).zip(to) {
        store(places, _mm512_castsi512_ps(step));
    }
}
