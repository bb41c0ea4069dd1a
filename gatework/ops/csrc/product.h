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

// M rows by N panels, all sums held in registers.
template <class Real, int M, int N>
void tile(const Real* const* rows, int64_t depth, const Real* packed, Real* const* out) {
    constexpr int V = lanes<Real>;
    const Real* a[M];
    for (int r = 0; r < M; ++r) a[r] = rows[r];
    Vec<Real> sums[M][2 * N] = {};
    for (int64_t k = 0; k < depth; ++k) {
        Vec<Real> w[2 * N];
#pragma GCC unroll 8
        for (int j = 0; j < 2 * N; ++j) w[j] = load(packed + (j / 2 * depth + k) * panel<Real> + j % 2 * V);
#pragma GCC unroll 12
        for (int r = 0; r < M; ++r) {
            const Vec<Real> x = all(a[r][k]);
#pragma GCC unroll 8
            for (int j = 0; j < 2 * N; ++j) sums[r][j] += x * w[j];
        }
    }
    for (int r = 0; r < M; ++r)
        for (int j = 0; j < 2 * N; ++j) store(out[r] + j * V, sums[r][j]);
}

// As many rows as fill the registers' file, and more panels where there are few rows: some eight sums must be under way
// at any time, or each waits for the one before it.
constexpr int most_rows = GATEWORK_BYTES == 64 ? 12 : 6;

template <class Real, int M>
void band(const Real* const* rows, int64_t depth, const Real* packed, int64_t q, int64_t to, Real* const* out) {
    constexpr int N = M == 1 ? 4 : M <= 3 ? 2 : 1;
    Real* at[M];
    const auto step = [&](auto wide) {
        for (; q + wide <= to; q += wide) {
            for (int r = 0; r < M; ++r) at[r] = out[r] + q * panel<Real>;
            tile<Real, M, wide>(rows, depth, packed + q * depth * panel<Real>, at);
        }
    };
    step(std::integral_constant<int, N>{});
    if constexpr (N > 1) step(std::integral_constant<int, 1>{});
}

template <class Real, int M = most_rows>
void bands(int m, const Real* const* rows, int64_t depth, const Real* packed, int64_t from, int64_t to,
           Real* const* out) {
    if (m == M) return band<Real, M>(rows, depth, packed, from, to, out);
    if constexpr (M > 1) bands<Real, M - 1>(m, rows, depth, packed, from, to, out);
}

// out[r][column] = sum over k of rows[r][k] * W[k][column], for the columns of panels [from, to).
template <class Real>
void product(const Real* const* rows, int64_t n, int64_t depth, const Real* packed, int64_t from, int64_t to,
             Real* const* out) {
    // Few panels at a time, so that they are still near when the next rows want them.
    for (int64_t q = from; q < to; q += 4) {
        const int64_t end = q + 4 < to ? q + 4 : to;
        for (int64_t done = 0; done < n;) {
            const int64_t turns = (n - done + most_rows - 1) / most_rows;
            const int m = static_cast<int>((n - done + turns - 1) / turns);  // 8 rows are 4 and 4, not 6 and 2
            bands<Real>(m, rows + done, depth, packed, q, end, out + done);
            done += m;
        }
    }
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

// Packs the transpose of a matrix (kinds * width, depth): panel q * kinds + kind holds that kind's columns of block q, so
// that the gates of a few units lie side by side.
template <class Real>
void pack_transposed(const Real* W, int64_t depth, int64_t width, int64_t kinds, int64_t from, int64_t to,
                     Real* packed) {
    constexpr int64_t N = panel<Real>;
    constexpr int64_t few = 16;  // a line of memory of each row at a time
    for (int64_t q = from; q < to; ++q)
        for (int64_t kind = 0; kind < kinds; ++kind) {
            Real* out = packed + (q * kinds + kind) * depth * N;
            const int64_t real = width - q * N < N ? width - q * N : N;
            const Real* rows = W + (kind * width + q * N) * depth;
            for (int64_t start = 0; start < depth; start += few) {
                const int64_t end = start + few < depth ? start + few : depth;
                for (int64_t l = 0; l < N; ++l)
                    for (int64_t k = start; k < end; ++k) out[k * N + l] = l < real ? rows[l * depth + k] : 0;
            }
        }
}

}  // namespace
