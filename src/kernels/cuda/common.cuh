// What all kernels share: numbers that are read and written in their own type and worked on in f32, and sums over a
// block of threads. Every sum has one order, whatever the card does first.
#pragma once
#include <cuda_bf16.h>
#include <stdint.h>

static __device__ __forceinline__ float widen(float x) { return x; }
static __device__ __forceinline__ float widen(__nv_bfloat16 x) { return __bfloat162float(x); }

template <typename T> __device__ __forceinline__ T narrow(float x);
template <> __device__ __forceinline__ float narrow<float>(float x) { return x; }
template <> __device__ __forceinline__ __nv_bfloat16 narrow<__nv_bfloat16>(float x) { return __float2bfloat16_rn(x); }

// So many numbers that lie beside each other, moved by loads of 16 bytes.
template <typename T, int N> struct alignas(sizeof(T) * N < 16 ? sizeof(T) * N : 16) Pack { T at[N]; };

struct Add {
    static constexpr float neutral = 0.0f;
    static __device__ __forceinline__ float of(float a, float b) { return a + b; }
};
struct Largest {
    static constexpr float neutral = -INFINITY;
    static __device__ __forceinline__ float of(float a, float b) { return fmaxf(a, b); }
};

template <typename Op> __device__ __forceinline__ float over_warp(float x) {
#pragma unroll
    for (int distance = 16; distance > 0; distance /= 2) {
        x = Op::of(x, __shfl_xor_sync(0xffffffffu, x, distance));
    }
    return x;
}

// Of the numbers of all threads of a block of whole warps; every thread gets the result.
template <typename Op> __device__ __forceinline__ float over_block(float x) {
    __shared__ float parts[32];
    const int lane = threadIdx.x % 32, warp = threadIdx.x / 32, warps = blockDim.x / 32;
    x = over_warp<Op>(x);
    __syncthreads();
    if (lane == 0) parts[warp] = x;
    __syncthreads();
    x = lane < warps ? parts[lane] : Op::neutral;
    return over_warp<Op>(x);
}

// SplitMix64's finalizer and step, as in `training::random`.
static __device__ __forceinline__ uint64_t random_bits(uint64_t key, uint64_t place) {
    uint64_t bits = key + place * 0x9E3779B97F4A7C15ull;
    bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9ull;
    bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EBull;
    return bits ^ (bits >> 31);
}

// What the number at a place is multiplied by: 0, or `kept` where its bits reach the threshold. A threshold of 0 keeps all.
static __device__ __forceinline__ float dropout_factor(uint64_t key, uint32_t threshold, float kept, uint64_t place) {
    return (random_bits(key, place) >> 32) >= threshold ? kept : 0.0f;
}
