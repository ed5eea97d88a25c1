// Cross-entropy of rows of logits, which become their gradients in place. One block a row.
#include "common.cuh"

// Rows lie `stride` numbers apart, of which the first `vocabulary` are logits; those behind become 0 with the slopes.
// `stats (rows, 2)` gets each row's loss in nats, and 1 where its target had the largest logit. With `slopes`, the logits
// become `share * (softmax - target)`.
template <typename T>
__device__ void settle(T *logits, const float *bias, const uint32_t *targets, const float *shares, float *stats,
                       int vocabulary, int stride, int slopes) {
    const int row = blockIdx.x;
    logits += (size_t)row * stride;
    // The largest so far and the sum of exponentials below it, of this thread's columns.
    float largest = -INFINITY, sum = 0.0f;
    for (int i = threadIdx.x; i < vocabulary; i += blockDim.x) {
        const float logit = widen(logits[i]) + (bias ? bias[i] : 0.0f);
        if (logit > largest) {
            sum = sum * __expf(largest - logit) + 1.0f;
            largest = logit;
        } else {
            // Also for what is no number: it must stay none.
            sum += logit == -INFINITY ? 0.0f : __expf(logit - largest);
        }
    }
    const float best = over_block<Largest>(largest);
    sum = over_block<Add>(largest == -INFINITY && sum == 0.0f ? 0.0f : sum * __expf(largest - best));
    const uint32_t target = targets[row];
    const float aimed = widen(logits[target]) + (bias ? bias[target] : 0.0f);
    const float share = shares[row];
    // All have read the target's logit before it becomes a slope.
    __syncthreads();
    if (threadIdx.x == 0) {
        stats[2 * row] = logf(sum) + best - aimed;
        stats[2 * row + 1] = aimed >= best ? 1.0f : 0.0f;
    }
    if (!slopes) return;
    const float factor = share / sum;
    for (int i = threadIdx.x; i < vocabulary; i += blockDim.x) {
        const float logit = widen(logits[i]) + (bias ? bias[i] : 0.0f);
        const float slope = share == 0.0f ? 0.0f : __expf(logit - best) * factor - (i == target ? share : 0.0f);
        logits[i] = narrow<T>(slope);
    }
    for (int i = vocabulary + threadIdx.x; i < stride; i += blockDim.x) logits[i] = narrow<T>(0.0f);
}

#define HEAD(T, NAME)                                                                                                  \
    extern "C" __global__ void settle_##NAME(T *logits, const float *bias, const uint32_t *targets,                   \
                                             const float *shares, float *stats, int vocabulary, int stride,           \
                                             int slopes) {                                                            \
        settle(logits, bias, targets, shares, stats, vocabulary, stride, slopes);                                     \
    }
HEAD(float, f32)
HEAD(__nv_bfloat16, bf16)
