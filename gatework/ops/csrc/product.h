// The product of a few rows with a fixed matrix: out = rows . W, W packed once so that its numbers come in order.
#pragma once

#include "vec.h"

namespace {

// A panel is two registers wide. A packed matrix is a list of panels, each (depth, panel), its columns past the end zero.
template <class Real>
constexpr int64_t panel = 2 * lanes<Real>;

template <class Real>
int64_t panels(int64_t columns) {
    return (columns + panel<Real> - 1) / panel<Real>;
}

// As it is meant. The blocked product below adds in the same order, but may round a sum and its product only once.
template <class Real>
[[maybe_unused]] void plain_product(const Real* const* rows, int64_t n, int64_t depth, const Real* packed, int64_t from,
                                    int64_t to, Real* const* out) {
    for (int64_t r = 0; r < n; ++r)
        for (int64_t q = from; q < to; ++q)
            for (int64_t l = 0; l < panel<Real>; ++l) {
                Real total = 0;
                for (int64_t k = 0; k < depth; ++k) total += rows[r][k] * packed[(q * depth + k) * panel<Real> + l];
                out[r][q * panel<Real> + l] = total;
            }
}

// A packed matrix, and how much of its depth is wanted now. `more` adds to what is there already.
template <class Real>
struct Slab {
    const Real* packed;
    int64_t depth, start, end;
    bool more;
};

// M rows by N panels, all sums held in registers.
template <class Real, int M, int N>
void tile(const Real* const* rows, const Slab<Real>& w, int64_t q, Real* const* out) {
    constexpr int V = lanes<Real>;
    const Real* packed = w.packed + (q * w.depth + w.start) * panel<Real>;
    const int64_t depth = w.depth * panel<Real>, count = w.end - w.start;
    const Real* a[M];
    Vec<Real> sums[M][2 * N];
#pragma GCC unroll 12
    for (int r = 0; r < M; ++r) {
        a[r] = rows[r] + w.start;
#pragma GCC unroll 8
        for (int j = 0; j < 2 * N; ++j) sums[r][j] = w.more ? load(out[r] + q * panel<Real> + j * V) : Vec<Real>{};
    }
    for (int64_t k = 0; k < count; ++k) {
        Vec<Real> now[2 * N];
#pragma GCC unroll 8
        for (int j = 0; j < 2 * N; ++j) now[j] = load(packed + j / 2 * depth + k * panel<Real> + j % 2 * V);
#pragma GCC unroll 12
        for (int r = 0; r < M; ++r) {
            const Vec<Real> x = all(a[r][k]);
#pragma GCC unroll 8
            for (int j = 0; j < 2 * N; ++j) sums[r][j] += x * now[j];
        }
    }
#pragma GCC unroll 12
    for (int r = 0; r < M; ++r)
#pragma GCC unroll 8
        for (int j = 0; j < 2 * N; ++j) store(out[r] + q * panel<Real> + j * V, sums[r][j]);
}

// As many rows as fill the registers' file, and more panels where there are few rows: some eight sums must be under way
// at any time, or each waits for the one before it.
constexpr int most_rows = GATEWORK_BYTES == 64 ? 12 : 6;

template <class Real, int M>
void band(const Real* const* rows, const Slab<Real>& w, int64_t q, int64_t to, Real* const* out) {
    constexpr int N = M == 1 ? 4 : M <= 3 ? 2 : 1;
    for (; q + N <= to; q += N) tile<Real, M, N>(rows, w, q, out);
    for (; q < to; ++q) tile<Real, M, 1>(rows, w, q, out);
}

template <class Real, int M = most_rows>
void bands(int m, const Real* const* rows, const Slab<Real>& w, int64_t from, int64_t to, Real* const* out) {
    if (m == M) return band<Real, M>(rows, w, from, to, out);
    if constexpr (M > 1) bands<Real, M - 1>(m, rows, w, from, to, out);
}

// out[r][column] = sum over k of rows[r][k] * W[k][column], for the columns of panels [from, to).
template <class Real>
void product(const Real* const* rows, int64_t n, int64_t depth, const Real* packed, int64_t from, int64_t to,
             Real* const* out) {
    const int64_t turns = (n + most_rows - 1) / most_rows;
    if (turns <= 1) return n ? bands<Real>(static_cast<int>(n), rows, {packed, depth, 0, depth, false}, from, to, out) : void();
    // As much of a panel at a time as the nearest cache holds, for it is read anew by every band of rows.
    constexpr int64_t few = 24 * 1024 / (panel<Real> * static_cast<int64_t>(sizeof(Real)));
    const int64_t slabs = (depth + few - 1) / few;
    for (int64_t q = from; q < to; ++q)
        for (int64_t slab = 0; slab < slabs; ++slab) {
            const Slab<Real> w{packed, depth, depth * slab / slabs, depth * (slab + 1) / slabs, slab > 0};
            for (int64_t turn = 0; turn < turns; ++turn) {
                // 8 rows are 4 and 4, not 6 and 2.
                const int64_t done = n * turn / turns, m = n * (turn + 1) / turns - done;
                bands<Real>(static_cast<int>(m), rows + done, w, q, q + 1, out + done);
            }
        }
}

template <class Real>
Real dot(const Real* a, const Real* b, int64_t count) {
    constexpr int64_t V = lanes<Real>, many = 4;  // sums under way at once
    Vec<Real> sums[many] = {};
    int64_t k = 0;
    for (; k + many * V <= count; k += many * V)
        for (int64_t j = 0; j < many; ++j) sums[j] += load(a + k + j * V) * load(b + k + j * V);
    for (; k + V <= count; k += V) sums[0] += load(a + k) * load(b + k);
    if (k < count) sums[1] += load(a + k, count - k) * load(b + k, count - k);
    return sum((sums[0] + sums[1]) + (sums[2] + sums[3]));
}

// The product with the transpose of W (kinds * width, depth) as it lies, into packed panels [from, to): for a single step
// of few rows, in which packing W would cost more than it saves.
template <class Real>
void product_as_it_lies(const Real* const* rows, int64_t n, int64_t depth, const Real* W, int64_t width, int64_t kinds,
                        int64_t from, int64_t to, Real* const* out) {
    constexpr int64_t N = panel<Real>;
    for (int64_t q = from; q < to; ++q)
        for (int64_t kind = 0; kind < kinds; ++kind)
            for (int64_t l = 0; l < N && q * N + l < width; ++l)
                for (int64_t r = 0; r < n; ++r)
                    out[r][(q * kinds + kind) * N + l] = dot(W + (kind * width + q * N + l) * depth, rows[r], depth);
}

// Packs panels [from, to) of a matrix (depth, columns) that lies row after row.
template <class Real>
void pack(const Real* W, int64_t depth, int64_t columns, int64_t from, int64_t to, Real* packed) {
    constexpr int64_t N = panel<Real>;
    for (int64_t q = from; q < to; ++q)
        for (int64_t k = 0; k < depth; ++k)
            for (int64_t half = 0; half < N; half += lanes<Real>) {
                const int64_t left = columns - q * N - half;
                const Real* row = W + k * columns + q * N + half;
                store(packed + (q * depth + k) * N + half, left > 0 ? load(row, left) : Vec<Real>{});
            }
}

// Of g++ from 12 on, and of clang; without it a transpose is packed number by number.
#if defined(__has_builtin)
#if __has_builtin(__builtin_shufflevector)
#define GATEWORK_SHUFFLES
#endif
#endif

#ifdef GATEWORK_SHUFFLES
// Turns a square of lanes x lanes numbers on its diagonal, by shuffling halves into each other as often as it takes.
template <class Real, size_t... k>
void turn(Vec<Real>* square, std::index_sequence<k...>) {
    constexpr int V = lanes<Real>;
    for (int done = 1; done < V; done *= 2) {
        Vec<Real> next[V];
        for (int r = 0; r < V / 2; ++r) {
            next[2 * r] = __builtin_shufflevector(square[r], square[r + V / 2], (k / 2 + k % 2 * V)...);
            next[2 * r + 1] = __builtin_shufflevector(square[r], square[r + V / 2], (V / 2 + k / 2 + k % 2 * V)...);
        }
        for (int r = 0; r < V; ++r) square[r] = next[r];
    }
}
#endif

// Packs the transpose of a matrix (kinds * width, depth): panel q * kinds + kind holds that kind's columns of block q, so
// that the gates of a few units lie side by side.
template <class Real>
void pack_transposed(const Real* W, int64_t depth, int64_t width, int64_t kinds, int64_t from, int64_t to,
                     Real* packed) {
    constexpr int64_t V = lanes<Real>, N = panel<Real>;
    for (int64_t q = from; q < to; ++q)
        for (int64_t kind = 0; kind < kinds; ++kind)
            for (int64_t half = 0; half < N; half += V) {
                Real* out = packed + (q * kinds + kind) * depth * N + half;
                const int64_t first = q * N + half, real = width - first;
                const Real* rows = W + (kind * width + first) * depth;
                int64_t k = 0;
#ifdef GATEWORK_SHUFFLES
                for (; real >= V && k + V <= depth; k += V) {
                    Vec<Real> square[V];
                    for (int64_t l = 0; l < V; ++l) square[l] = load(rows + l * depth + k);
                    turn<Real>(square, std::make_index_sequence<V>{});
                    for (int64_t l = 0; l < V; ++l) store(out + (k + l) * N, square[l]);
                }
#endif
                for (; k < depth; ++k)
                    for (int64_t l = 0; l < V; ++l) out[k * N + l] = l < real ? rows[l * depth + k] : 0;
            }
}

}  // namespace
