// Dense linear algebra of the second-order solver: products of a symmetric matrix, and of bases with vectors.
#pragma once

#include "vectors.hpp"

namespace gmmscape::GMMSCAPE_ISA {

inline double dot(const double* a, const double* b, size_t n) {
    constexpr size_t wide = width<double>;
    Vec<double> sum[4] = {};
    size_t at = 0;
    for (; at + 4 * wide <= n; at += 4 * wide) {
        for (size_t c = 0; c < 4; ++c) {
            sum[c] += load<double>(a + at + c * wide) * load<double>(b + at + c * wide);
        }
    }
    for (; at + wide <= n; at += wide) {
        sum[0] += load<double>(a + at) * load<double>(b + at);
    }
    double total = lane_sum<double>((sum[0] + sum[1]) + (sum[2] + sum[3]));
    for (; at < n; ++at) {
        total += a[at] * b[at];
    }
    return total;
}

// out = A v for a matrix of n lines of m numbers.
inline void lines_times(const double* A, size_t n, size_t m, const double* v, double* out) {
    for (size_t i = 0; i < n; ++i) {
        out[i] = dot(A + i * m, v, m);
    }
}

// v -= A' c for a matrix of n lines of m numbers.
inline void subtract_lines(const double* A, size_t n, size_t m, const double* c, double* v) {
    for (size_t i = 0; i < n; ++i) {
        const double* line = A + i * m;
        for (size_t at = 0; at < m; ++at) {
            v[at] -= c[i] * line[at];
        }
    }
}

}  // namespace gmmscape::GMMSCAPE_ISA
