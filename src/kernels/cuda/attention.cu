// Attention: rows cut into heads and put together again, the softmax of causal scores and its gradient, appending to
// caches, and one query of each of some texts.
#include "common.cuh"

// From rows, `stride` numbers apart, of `heads * width` numbers to `(sequences, heads, time, width)`: the part that
// blockIdx.z names, `apart` numbers behind the one before it on both sides' first.
template <typename T>
__device__ void split_heads(const T *rows, T *out, int time, int heads, int width, int stride, uint64_t numbers) {
    const uint64_t at = (uint64_t)blockIdx.x * blockDim.x + threadIdx.x;
    if (at >= numbers) return;
    const int part = blockIdx.y;
    const uint64_t column = at % ((uint64_t)heads * width), row = at / ((uint64_t)heads * width);
    const uint64_t sequence = row / time, position = row % time, head = column / width, place = column % width;
    out[part * numbers + ((sequence * heads + head) * time + position) * width + place] =
        rows[row * stride + part * (uint64_t)heads * width + column];
}

// The way back.
template <typename T>
__device__ void merge_heads(const T *parts, T *rows, int time, int heads, int width, int stride, uint64_t numbers) {
    const uint64_t at = (uint64_t)blockIdx.x * blockDim.x + threadIdx.x;
    if (at >= numbers) return;
    const int part = blockIdx.y;
    const uint64_t column = at % ((uint64_t)heads * width), row = at / ((uint64_t)heads * width);
    const uint64_t sequence = row / time, position = row % time, head = column / width, place = column % width;
    rows[row * stride + part * (uint64_t)heads * width + column] =
        parts[part * numbers + ((sequence * heads + head) * time + position) * width + place];
}

// The softmax of each row of scores, of which query `row % queries` sees the first `past + row % queries + 1`; zeros
// behind. `dropped`, if it is given, gets the weights after dropout, whose places are counted from `first`. One block a
// row.
template <typename T>
__device__ void causal_softmax(const float *scores, T *weights, T *dropped, int queries, int past, int seen, uint64_t first,
                               uint64_t key, uint32_t threshold, float kept) {
    const uint64_t start = (uint64_t)blockIdx.x * seen;
    const int visible = past + (int)(blockIdx.x % queries) + 1;
    scores += start;
    float largest = -INFINITY;
    for (int i = threadIdx.x; i < visible; i += blockDim.x) largest = fmaxf(largest, scores[i]);
    largest = over_block<Largest>(largest);
    float sum = 0.0f;
    for (int i = threadIdx.x; i < visible; i += blockDim.x) sum += __expf(scores[i] - largest);
    const float scale = 1.0f / over_block<Add>(sum);
    for (int i = threadIdx.x; i < seen; i += blockDim.x) {
        const float weight = i < visible ? __expf(scores[i] - largest) * scale : 0.0f;
        weights[start + i] = narrow<T>(weight);
        if (dropped) {
            dropped[start + i] = narrow<T>(weight * dropout_factor(key, threshold, kept, first + start + i));
        }
    }
}

// From the slopes of the weights after dropout to those of the scores before their scale:
// `d = slopes * factor; out = weights * (d - sum(weights * d))`. One block a row.
template <typename T>
__device__ void softmax_back(const T *weights, const float *slopes, T *out, int queries, int past, int seen, uint64_t first,
                             uint64_t key, uint32_t threshold, float kept) {
    const uint64_t start = (uint64_t)blockIdx.x * seen;
    const int visible = past + (int)(blockIdx.x % queries) + 1;
    float mean = 0.0f;
    for (int i = threadIdx.x; i < visible; i += blockDim.x) {
        const float factor = threshold ? dropout_factor(key, threshold, kept, first + start + i) : 1.0f;
        mean += widen(weights[start + i]) * slopes[start + i] * factor;
    }
    mean = over_block<Add>(mean);
    for (int i = threadIdx.x; i < seen; i += blockDim.x) {
        float slope = 0.0f;
        if (i < visible) {
            const float factor = threshold ? dropout_factor(key, threshold, kept, first + start + i) : 1.0f;
            slope = widen(weights[start + i]) * (slopes[start + i] * factor - mean);
        }
        out[start + i] = narrow<T>(slope);
    }
}

// Texts that are worked on in one launch; `TEXTS_AT_ONCE` beside.
constexpr int TEXTS = 32;
struct Caches {
    uint64_t keys[TEXTS];
    uint64_t values[TEXTS];
    // Tokens in each before the new ones, and the room of each.
    int32_t past[TEXTS];
    int32_t room[TEXTS];
    // Where on the card `past` stands instead, or nothing: a recorded launch finds it there anew each time.
    const uint32_t *past_on_card;
};

static __device__ __forceinline__ int past_of(const Caches &caches, int text) {
    return caches.past_on_card ? (int)caches.past_on_card[text] : caches.past[text];
}

// Writes the keys and values of new tokens, rows `stride` numbers apart, into caches of `(heads, room, width)`. Block y
// is a row: the next token of text 0 if `one_text`, of text y otherwise. Block z is 0 for keys and 1 for values.
template <typename T, typename C>
__device__ void append(const T *keys, const T *values, int key_stride, int value_stride, int heads, int width,
                       int one_text, Caches caches) {
    const int column = blockIdx.x * blockDim.x + threadIdx.x;
    if (column >= heads * width) return;
    const int row = blockIdx.y, text = one_text ? 0 : row;
    const int position = past_of(caches, text) + (one_text ? row : 0);
    const int head = column / width, place = column % width;
    const size_t to = ((size_t)head * caches.room[text] + position) * width + place;
    if (blockIdx.z == 0) {
        reinterpret_cast<C *>(caches.keys[text])[to] = narrow<C>(widen(keys[(size_t)row * key_stride + column]));
    } else {
        reinterpret_cast<C *>(caches.values[text])[to] = narrow<C>(widen(values[(size_t)row * value_stride + column]));
    }
}

// `softmax(scale * q k^T) v` for one query of each text: block x is a head, block y a text, which sees what it had and
// its new token. A row is read N numbers at a time, by eight threads for a score and by `width / N` for a sum; N divides
// `width`, and `width / N` is at most blockDim.x. Shared memory: the query, `blockDim.x * N` parts of sums, and a weight
// for each token.
template <typename T, typename C, int N>
__device__ void step_attention(const T *queries, T *out, int query_stride, int heads, int key_heads, int width,
                               float scale, Caches caches) {
    constexpr int TOGETHER = 8;
    extern __shared__ float shared[];
    const int head = blockIdx.x, text = blockIdx.y, key_head = head * key_heads / heads;
    const int seen = past_of(caches, text) + 1, packs = width / N;
    const size_t start = (size_t)key_head * caches.room[text] * width;
    const Pack<C, N> *keys = reinterpret_cast<const Pack<C, N> *>(reinterpret_cast<const C *>(caches.keys[text]) + start);
    const Pack<C, N> *values =
        reinterpret_cast<const Pack<C, N> *>(reinterpret_cast<const C *>(caches.values[text]) + start);
    float *query = shared, *sums = query + width, *weights = sums + blockDim.x * N;
    for (int i = threadIdx.x; i < width; i += blockDim.x) {
        query[i] = scale * widen(queries[(size_t)text * query_stride + head * width + i]);
    }
    __syncthreads();
    const int member = threadIdx.x % TOGETHER, teams = blockDim.x / TOGETHER;
    float largest = -INFINITY;
    // All threads of a warp take as many turns, so that all are there to be summed over.
    for (int first = 0; first < seen; first += teams) {
        const int token = first + threadIdx.x / TOGETHER;
        float score = 0.0f;
        if (token < seen) {
            for (int pack = member; pack < packs; pack += TOGETHER) {
                const Pack<C, N> key = keys[(size_t)token * packs + pack];
#pragma unroll
                for (int i = 0; i < N; i++) score += query[pack * N + i] * widen(key.at[i]);
            }
        }
#pragma unroll
        for (int distance = TOGETHER / 2; distance > 0; distance /= 2) {
            score += __shfl_xor_sync(0xffffffffu, score, distance);
        }
        if (token < seen) {
            if (member == 0) weights[token] = score;
            largest = fmaxf(largest, score);
        }
    }
    largest = over_block<Largest>(largest);
    float sum = 0.0f;
    for (int token = threadIdx.x; token < seen; token += blockDim.x) {
        const float weight = __expf(weights[token] - largest);
        weights[token] = weight;
        sum += weight;
    }
    const float share = 1.0f / over_block<Add>(sum);
    const int groups = blockDim.x / packs, group = threadIdx.x / packs, pack = threadIdx.x % packs;
    if (group < groups) {
        float parts[N] = {};
        for (int token = group; token < seen; token += groups) {
            const Pack<C, N> value = values[(size_t)token * packs + pack];
            const float weight = weights[token];
#pragma unroll
            for (int i = 0; i < N; i++) parts[i] += weight * widen(value.at[i]);
        }
#pragma unroll
        for (int i = 0; i < N; i++) sums[group * width + pack * N + i] = parts[i];
    }
    __syncthreads();
    for (int i = threadIdx.x; i < width; i += blockDim.x) {
        float total = 0.0f;
        for (int part = 0; part < groups; part++) total += sums[part * width + i];
        out[((size_t)text * heads + head) * width + i] = narrow<T>(total * share);
    }
}

#define TRAINED(T, NAME)                                                                                               \
    extern "C" __global__ void split_heads_##NAME(const T *rows, T *out, int time, int heads, int width, int stride,  \
                                                  uint64_t numbers) {                                                 \
        split_heads(rows, out, time, heads, width, stride, numbers);                                                  \
    }                                                                                                                  \
    extern "C" __global__ void merge_heads_##NAME(const T *parts, T *rows, int time, int heads, int width,            \
                                                  int stride, uint64_t numbers) {                                     \
        merge_heads(parts, rows, time, heads, width, stride, numbers);                                                \
    }                                                                                                                  \
    extern "C" __global__ void causal_softmax_##NAME(const float *scores, T *weights, T *dropped, int queries,         \
                                                     int past, int seen, uint64_t first, uint64_t key,                 \
                                                     uint32_t threshold, float kept) {                                 \
        causal_softmax(scores, weights, dropped, queries, past, seen, first, key, threshold, kept);                    \
    }                                                                                                                  \
    extern "C" __global__ void softmax_back_##NAME(const T *weights, const float *slopes, T *out, int queries,         \
                                                   int past, int seen, uint64_t first, uint64_t key,                   \
                                                   uint32_t threshold, float kept) {                                   \
        softmax_back(weights, slopes, out, queries, past, seen, first, key, threshold, kept);                          \
    }
TRAINED(float, f32)
TRAINED(__nv_bfloat16, bf16)

#define CACHED(T, C, NAME)                                                                                             \
    extern "C" __global__ void append_##NAME(const T *keys, const T *values, int key_stride, int value_stride,        \
                                             int heads, int width, int one_text, Caches caches) {                     \
        append<T, C>(keys, values, key_stride, value_stride, heads, width, one_text, caches);                         \
    }                                                                                                                  \
    extern "C" __global__ void step_attention_8_##NAME(const T *queries, T *out, int query_stride, int heads,         \
                                                       int key_heads, int width, float scale, Caches caches) {        \
        step_attention<T, C, 8>(queries, out, query_stride, heads, key_heads, width, scale, caches);                  \
    }                                                                                                                  \
    extern "C" __global__ void step_attention_1_##NAME(const T *queries, T *out, int query_stride, int heads,         \
                                                       int key_heads, int width, float scale, Caches caches) {        \
        step_attention<T, C, 1>(queries, out, query_stride, heads, key_heads, width, scale, caches);                  \
    }
CACHED(float, float, f32_f32)
CACHED(float, __nv_bfloat16, f32_bf16)
CACHED(__nv_bfloat16, __nv_bfloat16, bf16_bf16)
