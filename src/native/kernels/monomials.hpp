// Monomials of a component's own deviations: what products of scores are sums of.
#pragma once

#include "vectors.hpp"
#include "../contract.hpp"

namespace gmmscape::GMMSCAPE_ISA {

// out = a * b, for one column of rows.
inline void multiplied(const double* a, const double* b, size_t rows, double* out) {
    for (size_t r = 0; r < rows; r += width<double>) {
        store<double>(out + r, load<double>(a + r) * load<double>(b + r));
    }
}

// Columns of share times the basis: 1, y, and the squares of the shape. `out` has `stride` rows a column.
inline void basis_columns(Squares squares, size_t d, const double* share, const double* y, size_t stride, size_t rows,
                          double* out) {
    for (size_t r = 0; r < rows; r += width<double>) {
        store<double>(out + r, load<double>(share + r));
    }
    double* next = out + (1 + d) * stride;
    if (squares == Squares::sum) {
        for (size_t r = 0; r < rows; r += width<double>) {
            store<double>(next + r, Vec<double>{});
        }
    }
    for (size_t a = 0; a < d; ++a) {
        double* linear = out + (1 + a) * stride;
        multiplied(share, y + a * stride, rows, linear);
        if (squares == Squares::each) {
            multiplied(linear, y + a * stride, rows, next);
            next += stride;
        } else if (squares == Squares::sum) {
            for (size_t r = 0; r < rows; r += width<double>) {
                store<double>(next + r, load<double>(next + r) + load<double>(linear + r) * load<double>(y + a * stride + r));
            }
        } else if (squares == Squares::products) {
            for (size_t b = 0; b <= a; ++b, next += stride) {
                multiplied(linear, y + b * stride, rows, next);
            }
        }
    }
}

// Columns of share times all monomials that products of two elements of the basis are sums of:
// 1, y_a, y_a y_b (b <= a), and by the squares
//   sum:      |y|^2 y_a, |y|^4;
//   each:     y_a^2 y_b (all), y_a^2 y_b^2 (b <= a);
//   products: y_a y_b y_c (c <= b <= a), y_a y_b y_c y_e (e <= c <= b <= a).
inline void monomial_columns(Squares squares, size_t d, const double* share, const double* y, size_t stride,
                             size_t rows, double* out) {
    const auto column = [&](size_t a) { return y + a * stride; };
    basis_columns(Squares::products, d, share, y, stride, rows, out);
    const double* second = out + (1 + d) * stride;
    double* next = out + (1 + d + d * (d + 1) / 2) * stride;
    const auto square = [&](size_t a) { return second + (a * (a + 1) / 2 + a) * stride; };
    if (squares == Squares::sum) {
        double* fourth = next + d * stride;
        for (size_t r = 0; r < rows; r += width<double>) {
            Vec<double> whole{}, length{};
            for (size_t a = 0; a < d; ++a) {
                whole += load<double>(square(a) + r);
                length += load<double>(column(a) + r) * load<double>(column(a) + r);
            }
            for (size_t a = 0; a < d; ++a) {
                store<double>(next + a * stride + r, whole * load<double>(column(a) + r));
            }
            store<double>(fourth + r, whole * length);
        }
    } else if (squares == Squares::each) {
        const double* third = next;
        for (size_t a = 0; a < d; ++a) {
            for (size_t b = 0; b < d; ++b, next += stride) {
                multiplied(square(a), column(b), rows, next);
            }
        }
        for (size_t a = 0; a < d; ++a) {
            for (size_t b = 0; b <= a; ++b, next += stride) {
                multiplied(third + (a * d + b) * stride, column(b), rows, next);
            }
        }
    } else if (squares == Squares::products) {
        const double *from = second, *third = next;
        for (size_t a = 0; a < d; ++a) {
            for (size_t b = 0; b <= a; ++b, from += stride) {
                for (size_t c = 0; c <= b; ++c, next += stride) {
                    multiplied(from, column(c), rows, next);
                }
            }
        }
        for (size_t a = 0; a < d; ++a) {
            for (size_t b = 0; b <= a; ++b) {
                for (size_t c = 0; c <= b; ++c, third += stride) {
                    for (size_t e = 0; e <= c; ++e, next += stride) {
                        multiplied(third, column(e), rows, next);
                    }
                }
            }
        }
    }
}

}  // namespace gmmscape::GMMSCAPE_ISA
