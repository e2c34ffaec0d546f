// What the machine can do at best, for benchmarks: the caller takes the time.
#pragma once

#include "vectors.hpp"

namespace gmmscape::GMMSCAPE_ISA {

// Independent chains of multiply-adds that keep the units busy: as many as hide the latency and fit the registers.
constexpr int CHAINS = GMMSCAPE_VECTOR_BYTES == 64 ? 16 : 12;

// 2 * CHAINS * width<double> operations a repetition.
inline double multiply_add_limit(size_t repetitions) {
    Vec<double> x[CHAINS];
    for (int c = 0; c < CHAINS; ++c) {
        x[c] = splat<double>(1.0 + c);
    }
    const Vec<double> factor = splat<double>(0.999999), term = splat<double>(1e-9);
    for (size_t i = 0; i < repetitions; ++i) {
        for (int c = 0; c < CHAINS; ++c) {
            x[c] = x[c] * factor + term;
        }
    }
    for (int c = 1; c < CHAINS; ++c) {
        x[0] += x[c];
    }
    return lane_sum<double>(x[0]);
}

// 1024 exponentials a repetition, of arguments that stay in the first-level cache.
inline double exponential_limit(size_t repetitions) {
    constexpr size_t count = 1024;
    alignas(64) double x[count];
    for (size_t i = 0; i < count; ++i) {
        x[i] = -0.02 * static_cast<double>(i);
    }
    Vec<double> sum[4] = {};
    for (size_t i = 0; i < repetitions; ++i) {
        for (size_t at = 0; at < count; at += 4 * width<double>) {
            for (size_t c = 0; c < 4; ++c) {
                sum[c] += exponential<double>(load<double>(x + at + c * width<double>));
            }
        }
    }
    return lane_sum<double>((sum[0] + sum[1]) + (sum[2] + sum[3]));
}

// Reads n numbers once.
inline double read_limit(const double* x, size_t n) {
    Vec<double> sum[4] = {};
    constexpr size_t step = 4 * width<double>;
    for (size_t at = 0; at + step <= n; at += step) {
        for (size_t c = 0; c < 4; ++c) {
            sum[c] += load<double>(x + at + c * width<double>);
        }
    }
    return lane_sum<double>((sum[0] + sum[1]) + (sum[2] + sum[3]));
}

}  // namespace gmmscape::GMMSCAPE_ISA
