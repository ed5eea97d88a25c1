// Updates of parameters in place, and the squares of their gradients.
#include "common.cuh"

extern "C" __global__ void adam(float *parameter, const float *gradient, float *mean, float *square, uint64_t length,
                                float size, float epsilon, float keep, float beta1, float beta2, float scale) {
    const uint64_t i = (uint64_t)blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= length) return;
    const float g = scale * gradient[i];
    const float m = beta1 * mean[i] + (1.0f - beta1) * g;
    const float v = beta2 * square[i] + (1.0f - beta2) * g * g;
    mean[i] = m;
    square[i] = v;
    parameter[i] = parameter[i] * keep - size * m / (sqrtf(v) + epsilon);
}

extern "C" __global__ void sgd(float *parameter, const float *gradient, float *velocity, uint64_t length, float size,
                               float beta1, float scale) {
    const uint64_t i = (uint64_t)blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= length) return;
    const float v = beta1 * velocity[i] + scale * gradient[i];
    velocity[i] = v;
    parameter[i] -= size * v;
}

// The sum of squares of what each block takes: `partial[block]`.
extern "C" __global__ void squares(const float *numbers, uint64_t length, float *partial) {
    float sum = 0.0f;
    for (uint64_t i = (uint64_t)blockIdx.x * blockDim.x + threadIdx.x; i < length; i += (uint64_t)gridDim.x * blockDim.x) {
        sum += numbers[i] * numbers[i];
    }
    sum = over_block<Add>(sum);
    if (threadIdx.x == 0) partial[blockIdx.x] = sum;
}
