// Moments of a block of rows: sums over the rows of products of two rows of a scratch matrix.
#pragma once

#include "density.hpp"

namespace gmmscape::GMMSCAPE_ISA {

// total[i * columns + j] += sum over the rows of a_i * b_j.
template <class T, int lines, int columns>
inline void product_sums(const T* a, const T* b, size_t stride, size_t rows, double* total) {
    Vec<T> sum[lines * columns];
    for (auto& s : sum) {
        s = Vec<T>{};
    }
    for (size_t r = 0; r < rows; r += width<T>) {
        Vec<T> right[columns];
        for (int j = 0; j < columns; ++j) {
            right[j] = load<T>(b + j * stride + r);
        }
        for (int i = 0; i < lines; ++i) {
            const Vec<T> left = load<T>(a + i * stride + r);
            for (int j = 0; j < columns; ++j) {
                sum[i * columns + j] += left * right[j];
            }
        }
    }
    add_lane_sums<T, lines * columns>(sum, total);
}

// All products of `lines` responsibilities with P features; the sums of each tile follow one another.
template <class T, int lines>
inline double* responsibility_line(const T* posterior, const T* features, size_t P, size_t stride, size_t rows,
                                   double* total) {
    size_t f = 0;
    for (; f + TILE <= P; f += TILE, total += lines * TILE) {
        product_sums<T, lines, TILE>(posterior, features + f * stride, stride, rows, total);
    }
    const T* rest = features + f * stride;
    switch (P - f) {
        case 1: product_sums<T, lines, 1>(posterior, rest, stride, rows, total); break;
        case 2: product_sums<T, lines, 2>(posterior, rest, stride, rows, total); break;
        case 3: product_sums<T, lines, 3>(posterior, rest, stride, rows, total); break;
        default: break;
    }
    return total + lines * (P - f);
}

template <class T>
inline void feature_sums(const T* posterior, size_t k, const T* features, size_t P, size_t stride, size_t rows,
                         double* total) {
    size_t i = 0;
    for (; i + TILE <= k; i += TILE) {
        total = responsibility_line<T, TILE>(posterior + i * stride, features, P, stride, rows, total);
    }
    const T* rest = posterior + i * stride;
    switch (k - i) {
        case 1: responsibility_line<T, 1>(rest, features, P, stride, rows, total); break;
        case 2: responsibility_line<T, 2>(rest, features, P, stride, rows, total); break;
        case 3: responsibility_line<T, 3>(rest, features, P, stride, rows, total); break;
        default: break;
    }
}

// Entry (i, f) of what feature_sums has accumulated.
inline size_t tiled_index(size_t k, size_t P, size_t i, size_t f) {
    const size_t line = i / TILE * TILE, column = f / TILE * TILE;
    const size_t lines = k - line < TILE ? k - line : TILE, columns = P - column < TILE ? P - column : TILE;
    return line * P + lines * column + (i - line) * columns + (f - column);
}

// total, a packed lower triangle, += weight * sum over the rows of a_i * b_j for j <= i.
// The matrices have TILE rows more than d, of any content.
template <class T>
inline void triangle_sums(const T* a, const T* b, size_t d, size_t stride, size_t rows, double* total,
                          double weight = 1.0) {
    double tile[TILE * TILE];
    for (size_t i = 0; i < d; i += TILE) {
        const size_t lines = d - i < TILE ? d - i : TILE;
        for (size_t j = 0; j <= i; j += TILE) {
            for (double& entry : tile) {
                entry = 0.0;
            }
            product_sums<T, TILE, TILE>(a + i * stride, b + j * stride, stride, rows, tile);
            for (size_t m = 0; m < lines; ++m) {
                const size_t line = i + m;
                for (size_t l = 0; l < TILE && j + l <= line; ++l) {
                    total[line * (line + 1) / 2 + j + l] += weight * tile[m * TILE + l];
                }
            }
        }
    }
}

// Sums over the rows of d rows of a matrix.
template <class T>
inline void row_sums(const T* a, size_t d, size_t stride, size_t rows, double* total) {
    for (size_t j = 0; j < d; ++j) {
        Vec<T> sum[2] = {Vec<T>{}, Vec<T>{}};
        for (size_t r = 0; r < rows; r += 2 * width<T>) {
            sum[0] += load<T>(a + j * stride + r);
            sum[1] += load<T>(a + j * stride + r + width<T>);
        }
        total[j] += lane_sum<T>(sum[0] + sum[1]);
    }
}

// First and second moments of one component, of deviations from its place: second is (1), (d) or unused.
template <class T, int columns>
inline void column_moments(const T* posterior, const T* v, const T* high, const T* low, size_t stride, size_t rows,
                           double* first, double* second) {
    Vec<T> one[columns], two[columns];
    for (int j = 0; j < columns; ++j) {
        one[j] = two[j] = Vec<T>{};
    }
    for (size_t r = 0; r < rows; r += width<T>) {
        const Vec<T> p = load<T>(posterior + r);
        for (int j = 0; j < columns; ++j) {
            const Vec<T> deviation = minus<T>(load<T>(v + j * stride + r), high[j], low[j]);
            const Vec<T> weighted = p * deviation;
            one[j] += weighted;
            two[j] += weighted * deviation;
        }
    }
    add_lane_sums<T, columns>(one, first);
    add_lane_sums<T, columns>(two, second);
}

// Deviations of some columns from j on times the roots of weights go to `scratch.weighted`; weighted ones to `first`.
template <class T, int columns>
inline void rooted_columns(const T* posterior, const Scratch<T>& scratch, const T* v, const T* high, const T* low,
                           size_t j, size_t rows, double* first) {
    const size_t stride = scratch.stride;
    const T *from = v + j * stride, *roots = scratch.roots;
    T* to = scratch.weighted + j * stride;
    Vec<T> sum[columns];
    for (auto& s : sum) {
        s = Vec<T>{};
    }
    for (size_t r = 0; r < rows; r += width<T>) {
        const Vec<T> p = load<T>(posterior + r), root = load<T>(roots + r);
        for (int c = 0; c < columns; ++c) {
            const Vec<T> deviation = minus<T>(load<T>(from + c * stride + r), high[j + c], low[j + c]);
            sum[c] += p * deviation;
            store<T>(to + c * stride + r, root * deviation);
        }
    }
    add_lane_sums<T, columns>(sum, first + j);
}

// First and second moments of one component, where the second are a packed lower triangle. Both factors of each product
// take the root of the weight: one matrix to write and to read instead of two.
template <class T>
inline void matrix_moments(const T* posterior, const Scratch<T>& scratch, const T* v, const T* high, const T* low,
                           size_t d, size_t rows, double* first, double* second) {
    for (size_t r = 0; r < rows; ++r) {
        scratch.roots[r] = sizeof(T) == 8 ? __builtin_sqrt(posterior[r]) : __builtin_sqrtf(posterior[r]);
    }
    size_t j = 0;
    for (; j + TILE <= d; j += TILE) {
        rooted_columns<T, TILE>(posterior, scratch, v, high, low, j, rows, first);
    }
    for (; j < d; ++j) {
        rooted_columns<T, 1>(posterior, scratch, v, high, low, j, rows, first);
    }
    triangle_sums<T>(scratch.weighted, scratch.weighted, d, scratch.stride, rows, second);
}

// Moments of component i in the centred form, from normalised weighted responsibilities.
template <class T>
inline void centred_moments(const Plan<T>& plan, const Scratch<T>& scratch, size_t i, const T* v, size_t rows,
                            double* moments) {
    const size_t d = plan.d, stride = scratch.stride;
    const Moments& layout = plan.moments;
    const T* posterior = scratch.posterior + i * stride;
    const T* high = plan.about_high + i * d;
    const T* low = plan.about_low + i * d;
    row_sums<T>(posterior, 1, stride, rows, moments + layout.mass + i);
    double* first = moments + layout.first + i * d;
    double* second = moments + layout.second + i * layout.each;
    if (plan.scatter == Shape::tied || plan.scatter == Shape::full) {
        matrix_moments<T>(posterior, scratch, v, high, low, d, rows, first, second);
        return;
    }
    double squares[TILE];
    for (size_t j = 0; j < d;) {
        const size_t columns = d - j >= TILE ? TILE : 1;
        for (double& s : squares) {
            s = 0.0;
        }
        const T* at = v + j * stride;
        if (columns == TILE) {
            column_moments<T, TILE>(posterior, at, high + j, low + j, stride, rows, first + j, squares);
        } else {
            column_moments<T, 1>(posterior, at, high + j, low + j, stride, rows, first + j, squares);
        }
        for (size_t c = 0; c < columns; ++c) {
            if (plan.scatter == Shape::diag) {
                second[j + c] += squares[c];
            } else if (plan.scatter == Shape::spherical) {
                second[0] += squares[c];
            }
        }
        j += columns;
    }
}

}  // namespace gmmscape::GMMSCAPE_ISA
