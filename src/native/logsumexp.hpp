// Row-wise log-sum-exp: the one way in which this library adds densities.
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>

namespace gmmscape {

// log(sum(exp(row))) without overflow or underflow.
//
// -inf for an empty row and for a row of -inf only; +inf where +inf occurs; NaN where NaN occurs.
// The sum runs from left to right, so that its bits depend on the row alone.
inline double logsumexp(const double* row, std::size_t n) noexcept {
    constexpr double inf = std::numeric_limits<double>::infinity();
    double largest = -inf;
    std::size_t at = 0;
    for (std::size_t j = 0; j < n; ++j) {
        if (row[j] > largest) {  // false for NaN, which the sum below picks up
            largest = row[j];
            at = j;
        }
    }
    if (std::isinf(largest)) {
        // Shifting by an infinity would compute inf - inf: only NaN can change the answer.
        for (std::size_t j = 0; j < n; ++j) {
            if (std::isnan(row[j])) {
                return row[j];
            }
        }
        return largest;
    }
    // The largest term is exp(0) = 1: log1p of the others keeps the digits that 1 + others loses.
    double others = 0.0;
    for (std::size_t j = 0; j < at; ++j) {
        others += std::exp(row[j] - largest);
    }
    for (std::size_t j = at + 1; j < n; ++j) {
        others += std::exp(row[j] - largest);
    }
    return largest + std::log1p(others);
}

// The same for each row of a C-contiguous matrix.
inline void logsumexp_rows(const double* matrix, std::size_t rows, std::size_t columns,
                           double* result) noexcept {
    for (std::size_t i = 0; i < rows; ++i) {
        result[i] = logsumexp(matrix + i * columns, columns);
    }
}

}  // namespace gmmscape
