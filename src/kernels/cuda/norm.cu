// Layer norm and root-mean-square norm of rows, and the gradients of the former. One block a row.
#include "common.cuh"

template <typename T>
__device__ __forceinline__ void moments(const T *x, int width, float epsilon, float &mean, float &scale) {
    float sum = 0.0f;
    for (int i = threadIdx.x; i < width; i += blockDim.x) sum += widen(x[i]);
    mean = over_block<Add>(sum) / width;
    float squares = 0.0f;
    for (int i = threadIdx.x; i < width; i += blockDim.x) {
        const float centred = widen(x[i]) - mean;
        squares += centred * centred;
    }
    scale = rsqrtf(over_block<Add>(squares) / width + epsilon);
}

template <typename T, typename W>
__device__ void layer_norm(const T *x, const W *weight, const W *bias, T *out, int width, float epsilon) {
    x += (size_t)blockIdx.x * width;
    out += (size_t)blockIdx.x * width;
    float mean, scale;
    moments(x, width, epsilon, mean, scale);
    for (int i = threadIdx.x; i < width; i += blockDim.x) {
        out[i] = narrow<T>((widen(x[i]) - mean) * scale * widen(weight[i]) + widen(bias[i]));
    }
}

template <typename T>
__device__ void rms_norm(const T *x, const T *weight, T *out, int width, float epsilon) {
    x += (size_t)blockIdx.x * width;
    out += (size_t)blockIdx.x * width;
    float squares = 0.0f;
    for (int i = threadIdx.x; i < width; i += blockDim.x) squares += widen(x[i]) * widen(x[i]);
    const float scale = rsqrtf(over_block<Add>(squares) / width + epsilon);
    for (int i = threadIdx.x; i < width; i += blockDim.x) {
        out[i] = narrow<T>(widen(x[i]) * scale * widen(weight[i]));
    }
}

// With `n = (x - mean) * scale` and `h = g * weight`: `dx = scale * (h - mean(h) - n * mean(h * n))`. A block takes every
// gridDim.x-th row and adds up what weight and bias get of them in its row of `partial (blocks, 2 * width)`, zeros so
// far: each thread its own columns.
template <typename T>
__device__ void layer_norm_back(const T *x, const float *weight, const T *g, T *dx, float *partial, int rows, int width,
                                float epsilon) {
    float *dw = partial + (size_t)blockIdx.x * 2 * width, *db = dw + width;
    for (int row = blockIdx.x; row < rows; row += gridDim.x) {
        const T *xs = x + (size_t)row * width, *gs = g + (size_t)row * width;
        float mean, scale;
        moments(xs, width, epsilon, mean, scale);
        float h = 0.0f, hn = 0.0f;
        for (int i = threadIdx.x; i < width; i += blockDim.x) {
            const float slope = widen(gs[i]), normal = (widen(xs[i]) - mean) * scale;
            dw[i] += slope * normal;
            db[i] += slope;
            h += slope * weight[i];
            hn += slope * weight[i] * normal;
        }
        h = over_block<Add>(h) / width;
        hn = over_block<Add>(hn) / width;
        for (int i = threadIdx.x; i < width; i += blockDim.x) {
            const float normal = (widen(xs[i]) - mean) * scale;
            dx[(size_t)row * width + i] = narrow<T>(scale * (widen(gs[i]) * weight[i] - h - normal * hn));
        }
    }
}

#define NORMS(T, NAME)                                                                                                 \
    extern "C" __global__ void layer_norm_##NAME(const T *x, const T *weight, const T *bias, T *out, int width,       \
                                                 float epsilon) {                                                     \
        layer_norm(x, weight, bias, out, width, epsilon);                                                             \
    }                                                                                                                  \
    extern "C" __global__ void layer_norm_wide_##NAME(const T *x, const float *weight, const float *bias, T *out,     \
                                                      int width, float epsilon) {                                     \
        layer_norm(x, weight, bias, out, width, epsilon);                                                             \
    }                                                                                                                  \
    extern "C" __global__ void rms_norm_##NAME(const T *x, const T *weight, T *out, int width, float epsilon) {       \
        rms_norm(x, weight, out, width, epsilon);                                                                     \
    }                                                                                                                  \
    extern "C" __global__ void layer_norm_back_##NAME(const T *x, const float *weight, const T *g, T *dx,             \
                                                      float *partial, int rows, int width, float epsilon) {           \
        layer_norm_back(x, weight, g, dx, partial, rows, width, epsilon);                                             \
    }
NORMS(float, f32)
NORMS(__nv_bfloat16, bf16)
