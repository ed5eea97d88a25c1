// Rows: sums of their columns, biases with the non-linearity after them, dropout, and adding rows to a table.
#include "common.cuh"

// Sums of the columns of `x (rows, width)`, of every gridDim.y-th group of 8 rows: `out (gridDim.y, width)`. Blocks of
// 32 x 8 threads, 32 columns each.
template <typename T> __device__ void column_sums(const T *x, float *out, int rows, int width) {
    __shared__ float parts[8][33];
    const int column = blockIdx.x * 32 + threadIdx.x;
    float sum = 0.0f;
    if (column < width) {
        for (int row = blockIdx.y * 8 + threadIdx.y; row < rows; row += 8 * gridDim.y) {
            sum += widen(x[(size_t)row * width + column]);
        }
    }
    parts[threadIdx.y][threadIdx.x] = sum;
    __syncthreads();
    if (threadIdx.y == 0 && column < width) {
#pragma unroll
        for (int part = 1; part < 8; part++) sum += parts[part][threadIdx.x];
        out[(size_t)blockIdx.y * width + column] = sum;
    }
}

// The order is that of `activation::CODES` beside.
enum Activation { IDENTITY = 0, GELU_TANH, GELU_ERF, QUICK_GELU, RELU, SILU, TANH };

__device__ __forceinline__ void swish(float x, float slope, float &value, float &derivative) {
    const float s = 1.0f / (1.0f + __expf(-slope * x));
    value = x * s;
    derivative = s + slope * x * s * (1.0f - s);
}

// The function and its slope at one place.
__device__ __forceinline__ void activate(int activation, float x, float &value, float &derivative) {
    switch (activation) {
    case GELU_TANH: {
        // x / 2 * (1 + tanh(u)) is x * sigmoid(2 u), u = sqrt(2 / pi) * (x + 0.044715 x^3).
        const float square = x * x;
        const float s = 1.0f / (1.0f + __expf(-1.5957691216f * x * (1.0f + 0.044715f * square)));
        value = x * s;
        derivative = s + x * s * (1.0f - s) * 1.5957691216f * (1.0f + 0.134145f * square);
        break;
    }
    case GELU_ERF: {
        const float share = 0.5f * (1.0f + erff(x * 0.70710678118f));
        value = x * share;
        derivative = share + x * 0.39894228040f * __expf(-0.5f * x * x);
        break;
    }
    case QUICK_GELU: swish(x, 1.702f, value, derivative); break;
    case SILU: swish(x, 1.0f, value, derivative); break;
    case RELU:
        value = x > 0.0f ? x : 0.0f;
        derivative = x > 0.0f ? 1.0f : 0.0f;
        break;
    case TANH:
        value = tanhf(x);
        derivative = 1.0f - value * value;
        break;
    default:
        value = x;
        derivative = 1.0f;
    }
}

// `out = base + activation(x + bias)`, N numbers a thread; N divides `width`. `out` may be `x`; `base` or `bias` may be
// missing.
template <typename T, typename W, int N>
__device__ void bias_activation(const T *x, const W *bias, const T *base, T *out, uint64_t packs, int width,
                                int activation) {
    const uint64_t pack = (uint64_t)blockIdx.x * blockDim.x + threadIdx.x;
    if (pack >= packs) return;
    const int column = (int)(pack * N % width);
    Pack<T, N> numbers = reinterpret_cast<const Pack<T, N> *>(x)[pack], onto = {};
    if (base) onto = reinterpret_cast<const Pack<T, N> *>(base)[pack];
#pragma unroll
    for (int i = 0; i < N; i++) {
        float value, derivative;
        activate(activation, widen(numbers.at[i]) + (bias ? widen(bias[column + i]) : 0.0f), value, derivative);
        numbers.at[i] = narrow<T>(base ? widen(onto.at[i]) + value : value);
    }
    reinterpret_cast<Pack<T, N> *>(out)[pack] = numbers;
}

// `dx = g * activation'(x + bias)`.
template <typename T, int N>
__device__ void bias_activation_back(const T *x, const float *bias, const T *g, T *dx, uint64_t packs, int width,
                                     int activation) {
    const uint64_t pack = (uint64_t)blockIdx.x * blockDim.x + threadIdx.x;
    if (pack >= packs) return;
    const int column = (int)(pack * N % width);
    const Pack<T, N> numbers = reinterpret_cast<const Pack<T, N> *>(x)[pack];
    Pack<T, N> slopes = reinterpret_cast<const Pack<T, N> *>(g)[pack];
#pragma unroll
    for (int i = 0; i < N; i++) {
        float value, derivative;
        activate(activation, widen(numbers.at[i]) + bias[column + i], value, derivative);
        slopes.at[i] = narrow<T>(widen(slopes.at[i]) * derivative);
    }
    reinterpret_cast<Pack<T, N> *>(dx)[pack] = slopes;
}

template <typename T>
__device__ void dropout(const T *x, T *out, uint64_t length, uint64_t key, uint32_t threshold, float kept) {
    const uint64_t place = (uint64_t)blockIdx.x * blockDim.x + threadIdx.x;
    if (place >= length) return;
    out[place] = narrow<T>(widen(x[place]) * dropout_factor(key, threshold, kept, place));
}

// `silu(gate) * up`.
template <typename T> __device__ void swiglu(const T *gate, const T *up, T *out, uint64_t length) {
    const uint64_t place = (uint64_t)blockIdx.x * blockDim.x + threadIdx.x;
    if (place >= length) return;
    float value, derivative;
    swish(widen(gate[place]), 1.0f, value, derivative);
    out[place] = narrow<T>(value * widen(up[place]));
}

// Adds to row `ids[block]` of `table` those rows of `rows` that `order` names from `starts[block]` on, one after the other.
template <typename T>
__device__ void add_rows(float *table, const T *rows, const uint32_t *ids, const uint32_t *starts, const uint32_t *order,
                         int width) {
    float *to = table + (size_t)ids[blockIdx.x] * width;
    const uint32_t first = starts[blockIdx.x], end = starts[blockIdx.x + 1];
    for (int i = threadIdx.x; i < width; i += blockDim.x) {
        float sum = to[i];
        for (uint32_t at = first; at < end; at++) sum += widen(rows[(size_t)order[at] * width + i]);
        to[i] = sum;
    }
}

// A row of the table for each id. One block a row.
template <typename T> __device__ void look_up(const T *table, const uint32_t *ids, T *out, int width) {
    const T *row = table + (size_t)ids[blockIdx.x] * width;
    out += (size_t)blockIdx.x * width;
    for (int i = threadIdx.x; i < width; i += blockDim.x) out[i] = row[i];
}

#define ROWS(T, NAME)                                                                                                  \
    extern "C" __global__ void column_sums_##NAME(const T *x, float *out, int rows, int width) {                      \
        column_sums(x, out, rows, width);                                                                             \
    }                                                                                                                  \
    extern "C" __global__ void bias_activation_4_##NAME(const T *x, const T *bias, const T *base, T *out,              \
        uint64_t packs, int width, int activation) {                                                                   \
        bias_activation<T, T, 4>(x, bias, base, out, packs, width, activation);                                        \
    }                                                                                                                  \
    extern "C" __global__ void bias_activation_1_##NAME(const T *x, const T *bias, const T *base, T *out,              \
        uint64_t packs, int width, int activation) {                                                                   \
        bias_activation<T, T, 1>(x, bias, base, out, packs, width, activation);                                        \
    }                                                                                                                  \
    extern "C" __global__ void bias_activation_wide_4_##NAME(const T *x, const float *bias, const T *base, T *out,     \
        uint64_t packs, int width, int activation) {                                                                   \
        bias_activation<T, float, 4>(x, bias, base, out, packs, width, activation);                                    \
    }                                                                                                                  \
    extern "C" __global__ void bias_activation_wide_1_##NAME(const T *x, const float *bias, const T *base, T *out,     \
        uint64_t packs, int width, int activation) {                                                                   \
        bias_activation<T, float, 1>(x, bias, base, out, packs, width, activation);                                    \
    }                                                                                                                  \
    extern "C" __global__ void bias_activation_back_4_##NAME(const T *x, const float *bias, const T *g, T *dx,        \
                                                             uint64_t packs, int width, int activation) {             \
        bias_activation_back<T, 4>(x, bias, g, dx, packs, width, activation);                                         \
    }                                                                                                                  \
    extern "C" __global__ void bias_activation_back_1_##NAME(const T *x, const float *bias, const T *g, T *dx,        \
                                                             uint64_t packs, int width, int activation) {             \
        bias_activation_back<T, 1>(x, bias, g, dx, packs, width, activation);                                         \
    }                                                                                                                  \
    extern "C" __global__ void dropout_##NAME(const T *x, T *out, uint64_t length, uint64_t key, uint32_t threshold,  \
                                              float kept) {                                                           \
        dropout(x, out, length, key, threshold, kept);                                                                \
    }                                                                                                                  \
    extern "C" __global__ void swiglu_##NAME(const T *gate, const T *up, T *out, uint64_t length) {                   \
        swiglu(gate, up, out, length);                                                                                \
    }                                                                                                                  \
    extern "C" __global__ void look_up_##NAME(const T *table, const uint32_t *ids, T *out, int width) {                \
        look_up(table, ids, out, width);                                                                               \
    }                                                                                                                  \
    extern "C" __global__ void add_rows_##NAME(float *table, const T *rows, const uint32_t *ids,                      \
                                               const uint32_t *starts, const uint32_t *order, int width) {            \
        add_rows(table, rows, ids, starts, order, width);                                                             \
    }
ROWS(float, f32)
ROWS(__nv_bfloat16, bf16)
