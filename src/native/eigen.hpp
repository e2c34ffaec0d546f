// Eigenvalues and eigenvectors of a symmetric matrix.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

namespace gmmscape::detail {

// A symmetric matrix as it is along orthonormal axes: eigenvector l is line l of `vectors`.
struct Eigen {
    std::vector<double> values, vectors;
};

// A tridiagonal matrix Q' A Q, of which the lines of `turned` are the columns of Q.
struct Reduced {
    std::vector<double> diagonal, beside, turned;
};

inline double dot(const double* a, const double* b, std::size_t n) {
    double sum = 0.0;
    for (std::size_t i = 0; i < n; ++i) {
        sum += a[i] * b[i];
    }
    return sum;
}

// Reflections make a symmetric matrix tridiagonal (Golub and Van Loan, Matrix Computations, section 8.3.1). Both
// triangles are kept, so that all loops run along lines. O(d^3).
inline Reduced reduced(std::vector<double>& a, std::size_t d) {
    Reduced result{std::vector<double>(d), std::vector<double>(d, 0.0), std::vector<double>(d * d, 0.0)};
    std::vector<double> scales(d, 0.0), image(d);
    for (std::size_t k = 0; k + 2 < d; ++k) {
        const std::size_t from = k + 1, n = d - from;
        double* mirror = a.data() + k * d + from;  // the line beside the diagonal becomes its reflection's normal
        const double length = std::sqrt(dot(mirror, mirror, n)), end = -std::copysign(length, mirror[0]);
        result.beside[k] = end;
        if (!(length > 0.0)) {
            continue;
        }
        mirror[0] -= end;
        scales[k] = 2.0 / dot(mirror, mirror, n);
        for (std::size_t i = 0; i < n; ++i) {
            image[i] = scales[k] * dot(a.data() + (from + i) * d + from, mirror, n);
        }
        const double along = 0.5 * scales[k] * dot(image.data(), mirror, n);
        for (std::size_t i = 0; i < n; ++i) {
            image[i] -= along * mirror[i];
        }
        for (std::size_t i = 0; i < n; ++i) {
            double* line = a.data() + (from + i) * d + from;
            for (std::size_t j = 0; j < n; ++j) {
                line[j] -= mirror[i] * image[j] + image[i] * mirror[j];
            }
        }
    }
    for (std::size_t i = 0; i < d; ++i) {
        result.diagonal[i] = a[i * d + i];
        result.turned[i * d + i] = 1.0;
    }
    if (d > 1) {
        result.beside[d - 2] = a[(d - 2) * d + d - 1];
    }
    for (std::size_t k = d > 2 ? d - 2 : 0; k-- > 0;) {
        const std::size_t from = k + 1, n = d - from;
        const double* mirror = a.data() + k * d + from;
        for (std::size_t i = from; scales[k] > 0.0 && i < d; ++i) {
            double* line = result.turned.data() + i * d + from;
            const double along = scales[k] * dot(line, mirror, n);
            for (std::size_t j = 0; j < n; ++j) {
                line[j] -= along * mirror[j];
            }
        }
    }
    return result;
}

// One sweep of the QL algorithm with implicit shifts (Golub and Van Loan, section 8.3.3) over lines first to last.
inline void sweep(Reduced& t, std::size_t d, std::size_t first, std::size_t last) {
    std::vector<double>&diagonal = t.diagonal, &beside = t.beside;
    const double ratio = (diagonal[first + 1] - diagonal[first]) / (2.0 * beside[first]);
    double g = diagonal[last] - diagonal[first] + beside[first] / (ratio + std::copysign(std::hypot(ratio, 1.0), ratio));
    double sine = 1.0, cosine = 1.0, shift = 0.0;
    for (std::size_t i = last; i-- > first;) {
        const double f = sine * beside[i], b = cosine * beside[i], length = std::hypot(f, g);
        beside[i + 1] = length;
        if (length == 0.0) {  // the matrix has come apart here
            diagonal[i + 1] -= shift;
            beside[last] = 0.0;
            return;
        }
        sine = f / length;
        cosine = g / length;
        g = diagonal[i + 1] - shift;
        const double r = (diagonal[i] - g) * sine + 2.0 * cosine * b;
        shift = sine * r;
        diagonal[i + 1] = g + shift;
        g = cosine * r - b;
        double *lower = t.turned.data() + i * d, *upper = lower + d;
        for (std::size_t j = 0; j < d; ++j) {
            const double one = lower[j], other = upper[j];
            lower[j] = cosine * one - sine * other;
            upper[j] = sine * one + cosine * other;
        }
    }
    diagonal[first] -= shift;
    beside[first] = g;
    beside[last] = 0.0;
}

// Reflections to a tridiagonal matrix, then QL: errors of some units in the last place of the largest eigenvalue. O(d^3).
// A matrix that is not finite comes back with values that are not numbers.
inline Eigen eigen(std::vector<double> a, std::size_t d) {
    constexpr int most_sweeps = 60;
    constexpr double unit = std::numeric_limits<double>::epsilon();
    double largest = 0.0;
    for (double entry : a) {
        largest = std::max(largest, std::abs(entry));
        if (!std::isfinite(entry)) {
            return {std::vector<double>(d, std::numeric_limits<double>::quiet_NaN()), std::vector<double>(d * d, 0.0)};
        }
    }
    const double scale = largest > 0.0 ? largest : 1.0;  // squares of entries neither overflow nor vanish
    for (double& entry : a) {
        entry /= scale;
    }
    Reduced t = reduced(a, d);
    for (std::size_t first = 0; first < d; ++first) {
        for (int sweeps = 0; sweeps < most_sweeps; ++sweeps) {
            std::size_t last = first;
            while (last + 1 < d &&
                   std::abs(t.beside[last]) > unit * (std::abs(t.diagonal[last]) + std::abs(t.diagonal[last + 1]))) {
                ++last;
            }
            if (last == first) {
                break;
            }
            sweep(t, d, first, last);
        }
    }
    for (double& value : t.diagonal) {
        value *= scale;
    }
    return {std::move(t.diagonal), std::move(t.turned)};
}

}  // namespace gmmscape::detail
