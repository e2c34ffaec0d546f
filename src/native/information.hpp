// Sums over all rows that make gradient, Hessian, and Hessian-vector products of the likelihood of any family, in each
// component's own units (docs/mathematics.md#own-units).
#pragma once

#include "fit.hpp"
#include "scores.hpp"

namespace gmmscape {

// Products of responsibilities below this add nothing to the missing information: with scores of some tens, less than
// 1e-12 of it.
constexpr double COUNTS = 1e-15;

// What a pass with derivatives leaves: moments of y = U'(x - mean) under each component, their second ones as packed
// lower triangles (one, or k), and the missing information. Its coordinates are log weight, mean and covariance of
// component after component; a covariance that all share comes last.
struct Information {
    double log_likelihood = 0.0, weight = 0.0;
    std::vector<double> mass, first, second, missing;
};

namespace detail {

inline void split_sums(const Scores& scores, size_t k, size_t moments, const std::vector<double>& sums,
                       Information& result) {
    const auto at = [&](size_t i) { return sums.begin() + static_cast<std::ptrdiff_t>(i); };
    result.log_likelihood = sums[0];
    result.weight = sums[1];
    result.mass.assign(at(2), at(2 + k));
    result.first.assign(at(2 + k), at(scores.second));
    result.second.assign(at(scores.second), at(moments));
}

// Where the monomial y_a y_b y_c ... lies among those of its degree, a >= b >= c.
inline size_t place2(size_t a, size_t b) { return a * (a + 1) / 2 + b; }
inline size_t place3(size_t a, size_t b, size_t c) { return a * (a + 1) * (a + 2) / 6 + place2(b, c); }
inline size_t place4(size_t a, size_t b, size_t c, size_t e) {
    return a * (a + 1) * (a + 2) * (a + 3) / 24 + place3(b, c, e);
}

// Adds moments about the means, in the coordinates of the rows, to those of y: first ones are sums of deviations.
inline void add_raw_moments(const Model& model, Shape shape, const Moments& at, const double* raw, Information& result) {
    const size_t k = model.k, d = model.d;
    for (size_t i = 0; i < k; ++i) {
        const double *factor = model.factor(i), *first = raw + at.first + i * d;
        result.mass[i] += raw[at.mass + i];
        const double* second = raw + at.second + i * at.each;
        if (model.shape == Shape::spherical || model.shape == Shape::diag) {
            for (size_t j = 0; j < d; ++j) {
                const double u = factor[model.shape == Shape::diag ? j : 0];
                result.first[i * d + j] += u * first[j];
                if (shape == Shape::diag) {
                    result.second[i * d + j] += u * u * second[j];
                }
            }
            if (shape == Shape::spherical) {
                result.second[i] += factor[0] * factor[0] * second[0];
            }
            continue;
        }
        const std::vector<double> own = transposed_product(factor, d, first);
        for (size_t j = 0; j < d; ++j) {
            result.first[i * d + j] += own[j];
        }
        if (shape == Shape::tied && i > 0) {
            continue;
        }
        std::vector<double> square(d * d), half(d * d, 0.0);
        unpack(second, d, square.data());
        for (size_t j = 0; j < d; ++j) {  // U' square, then that times U
            for (size_t l = 0; l <= j; ++l) {
                for (size_t q = 0; q < d; ++q) {
                    half[j * d + q] += factor[l * d + j] * square[l * d + q];
                }
            }
        }
        double* packed = result.second.data() + (shape == Shape::tied ? 0 : i * at.each);
        for (size_t j = 0; j < d; ++j) {
            for (size_t l = 0; l <= j; ++l) {
                for (size_t q = 0; q <= l; ++q) {
                    packed[place2(j, l)] += half[j * d + q] * factor[q * d + l];
                }
            }
        }
    }
}

// Sums of products of all pairs of elements of a basis from sums of monomials (kernels/monomials.hpp).
inline void basis_products(const Scores& scores, size_t d, const double* sums, double* products) {
    const size_t P = scores.basis, third = 1 + d + triangle(d);
    const size_t fourth = third + (scores.squares == Squares::sum    ? d
                                   : scores.squares == Squares::each ? d * d
                                                                     : triangle(d) * (d + 2) / 3);
    const auto second = [&](size_t a, size_t b) { return sums[1 + d + place2(std::max(a, b), std::min(a, b))]; };
    const auto set = [&](size_t p, size_t q, double value) { products[p * P + q] = products[q * P + p] = value; };
    set(0, 0, sums[0]);
    double length = 0.0;
    for (size_t a = 0; a < d; ++a) {
        length += second(a, a);
        set(0, 1 + a, sums[1 + a]);
        for (size_t b = 0; b <= a; ++b) {
            set(1 + a, 1 + b, second(a, b));
        }
    }
    const size_t from = 1 + d;
    if (scores.squares == Squares::sum) {
        set(0, from, length);
        for (size_t a = 0; a < d; ++a) {
            set(1 + a, from, sums[third + a]);
        }
        set(from, from, sums[fourth]);
    } else if (scores.squares == Squares::each) {
        for (size_t a = 0; a < d; ++a) {
            set(0, from + a, second(a, a));
            for (size_t b = 0; b < d; ++b) {
                set(1 + b, from + a, sums[third + a * d + b]);
                set(from + a, from + b, sums[fourth + place2(std::max(a, b), std::min(a, b))]);
            }
        }
    } else if (scores.squares == Squares::products) {
        for (size_t a = 0; a < d; ++a) {
            for (size_t b = 0; b <= a; ++b) {
                const size_t p = from + place2(a, b);
                set(0, p, second(a, b));
                for (size_t c = 0; c < d; ++c) {
                    size_t three[] = {a, b, c};
                    std::sort(three, three + 3);
                    set(1 + c, p, sums[third + place3(three[2], three[1], three[0])]);
                    for (size_t e = 0; e <= c; ++e) {
                        size_t four[] = {a, b, c, e};
                        std::sort(four, four + 4);
                        set(p, from + place2(c, e), sums[fourth + place4(four[3], four[2], four[1], four[0])]);
                    }
                }
            }
        }
    }
}

// The basis of component j as linear forms of that of component i, (basis, basis).
inline void basis_map(const Scores& scores, size_t d, const Between& pair, std::vector<double>& map) {
    const size_t P = scores.basis, from = 1 + d;
    const std::vector<double>&R = pair.turn, &c = pair.shift;
    map.assign(P * P, 0.0);
    map[0] = 1.0;
    for (size_t a = 0; a < d; ++a) {
        map[(1 + a) * P] = c[a];
        for (size_t l = 0; l < d; ++l) {
            map[(1 + a) * P + 1 + l] = R[a * d + l];
        }
    }
    const auto add_square = [&](size_t line, size_t a, size_t b) {  // y_a y_b of component j
        double* form = map.data() + line * P;
        form[0] += c[a] * c[b];
        for (size_t l = 0; l < d; ++l) {
            form[1 + l] += c[a] * R[b * d + l] + c[b] * R[a * d + l];
            if (scores.squares == Squares::each) {
                form[from + l] += R[a * d + l] * R[b * d + l];
            }
            for (size_t m = 0; scores.squares == Squares::products && m < d; ++m) {
                form[from + place2(std::max(l, m), std::min(l, m))] += R[a * d + l] * R[b * d + m];
            }
        }
        if (scores.squares == Squares::sum) {
            form[from] += R[a * d + a] * R[b * d + b] / static_cast<double>(d);
        }
    };
    for (size_t a = 0, line = from; a < d; ++a) {
        if (scores.squares == Squares::sum) {
            add_square(from, a, a);
        } else if (scores.squares == Squares::each) {
            add_square(line++, a, a);
        } else if (scores.squares == Squares::products) {
            for (size_t b = 0; b <= a; ++b) {
                add_square(line++, a, b);
            }
        }
    }
}

// Scores from a basis: those of the covariance are what y of variance one has, less its squares. Applied to the lines
// of a (basis, columns) matrix.
inline void basis_to_scores(const Scores& scores, size_t d, size_t columns, double* matrix) {
    const size_t from = 1 + d;
    const auto replace = [&](size_t line, double constant) {
        for (size_t column = 0; column < columns; ++column) {
            matrix[line * columns + column] = constant * matrix[column] - matrix[line * columns + column];
        }
    };
    for (size_t a = 0, line = from; a < d; ++a) {
        if (scores.squares == Squares::each) {
            replace(line++, 1.0);
        } else if (scores.squares == Squares::products) {
            for (size_t b = 0; b <= a; ++b) {
                replace(line++, a == b ? 1.0 : 0.0);
            }
        }
    }
    if (scores.squares == Squares::sum) {
        replace(from, static_cast<double>(d));
    }
}

inline std::vector<double> transposed(const std::vector<double>& matrix, size_t size) {
    std::vector<double> result(size * size);
    for (size_t a = 0; a < size; ++a) {
        for (size_t b = 0; b < size; ++b) {
            result[b * size + a] = matrix[a * size + b];
        }
    }
    return result;
}

// a map', skipping zeros: most maps have many.
inline std::vector<double> mapped(const std::vector<double>& a, const std::vector<double>& map, size_t size) {
    std::vector<double> result(size * size, 0.0);
    for (size_t p = 0; p < size; ++p) {
        for (size_t f = 0; f < size; ++f) {
            if (const double coefficient = map[p * size + f]; coefficient != 0.0) {
                for (size_t row = 0; row < size; ++row) {
                    result[row * size + p] += coefficient * a[row * size + f];
                }
            }
        }
    }
    return result;
}

// Assembles the missing information from the sums of pairs.
class MissingInformation {
  public:
    MissingInformation(const Ordered& ordered, const Scores& scores)
        : model_(ordered.model()),
          order_(ordered.order()),
          scores_(scores),
          shared_(scores.shape == Shape::tied ? scores.seconds : 0),
          size_(model_.k * scores.basis + shared_),
          matrix_(size_ * size_, 0.0) {}

    std::vector<double> from(const double* sums) && {
        const size_t k = model_.k, P = scores_.basis;
        std::vector<double> products(P * P), map;
        for (size_t a = 0; a < k; ++a) {
            for (size_t b = a; b < k; ++b) {
                const size_t i = order_[a], j = order_[b];
                const double* own = sums + scores_.place[a * k + b];
                if (scores_.direct[a * k + b]) {
                    products.assign(own, own + P * P);
                    add(i, j, products, -1.0);
                    continue;
                }
                basis_products(scores_, model_.d, own, products.data());
                if (a == b) {
                    add(i, i, products, 1.0);
                    continue;
                }
                const Between pair = between(model_, a, b);
                basis_map(scores_, model_.d, pair, map);
                const std::vector<double> across = mapped(products, map, P);
                add(i, j, across, -1.0);
                if (shared_ > 0) {
                    add_shared(i, j, pair.shift, products, across);
                }
            }
        }
        return std::move(matrix_);
    }

  private:
    double& entry(size_t row, size_t column) { return matrix_[row * size_ + column]; }

    // Products of the bases of i and j, as products of their scores.
    void add(size_t i, size_t j, const std::vector<double>& products, double sign) {
        const size_t P = scores_.basis;
        std::vector<double> block = products;
        basis_to_scores(scores_, model_.d, P, block.data());
        block = transposed(block, P);
        basis_to_scores(scores_, model_.d, P, block.data());
        for (size_t p = 0; p < P; ++p) {
            for (size_t q = 0; q < P; ++q) {  // transposed: p is of j
                entry(i * P + q, j * P + p) += sign * block[p * P + q];
                if (i != j) {
                    entry(j * P + p, i * P + q) += sign * block[p * P + q];
                }
            }
        }
    }

    // Shared scores of two components differ by y c' + c y' + c c', with y_j = y_i + c: products with own scores, and
    // of such differences with each other.
    void add_shared(size_t i, size_t j, const std::vector<double>& c, const std::vector<double>& products,
                    const std::vector<double>& across) {
        const size_t d = model_.d, P = scores_.basis, start = model_.k * P;
        const auto difference = [&](auto value, size_t a, size_t b) {
            return c[b] * value(1 + a) + c[a] * value(1 + b) + c[a] * c[b] * value(0);
        };
        std::vector<double> lines(shared_ * P);
        for (size_t a = 0, f = 0; a < d; ++a) {
            for (size_t b = 0; b <= a; ++b, ++f) {
                for (size_t p = 0; p < P; ++p) {
                    const double of_i = difference([&](size_t q) { return products[q * P + p]; }, a, b);
                    const double of_j = difference([&](size_t q) { return across[q * P + p]; }, a, b);
                    lines[f * P + p] = of_i;
                    entry(i * P + p, start + f) += of_i;
                    entry(start + f, i * P + p) += of_i;
                    entry(j * P + p, start + f) -= of_j;
                    entry(start + f, j * P + p) -= of_j;
                }
            }
        }
        for (size_t a = 0, f = 0; a < d; ++a) {
            for (size_t b = 0; b <= a; ++b, ++f) {
                for (size_t g = 0; g < shared_; ++g) {
                    entry(start + g, start + f) +=
                        difference([&](size_t q) { return lines[g * P + q]; }, a, b);
                }
            }
        }
    }

    const Model& model_;
    const std::vector<size_t>& order_;
    const Scores& scores_;
    const size_t shared_, size_;
    std::vector<double> matrix_;
};

}  // namespace detail

// One pass; with the missing information, sums over pairs of components that share rows. Returns whether every row had
// a density.
inline bool information(const Kernels& kernels, const Model& model, const Rows<double>& rows, Shape shape,
                        bool missing, size_t threads, Information& result) {
    const Ordered ordered(model);
    const PlanOf<double> owner(ordered.model(), Shape::none, nullptr, false);
    const Plan<double>& plan = owner.plan();
    ScoresOf layout(ordered.model(), shape);
    if (missing) {
        layout.lay_out_pairs(ordered.model());
    }
    const Scores& scores = layout.scores();
    std::vector<double> sums;
    const bool dense = summed_by(
        plan, rows.n, scores.size, 0, layout.rows_per_block(plan), threads, sums,
        [&](const Scratch<double>& scratch) { return ScoreWorkspace(scores, plan.k, plan.d, scratch, missing); },
        [&](const Scratch<double>& scratch, const ScoreWorkspace& own, size_t first, size_t last, double* part) {
            return kernels.information(plan, rows, scratch, own.scratch(), scores, first, last, COUNTS, missing, part);
        });
    detail::split_sums(scores, model.k, layout.moments(), sums, result);
    result.mass = ordered.restored(result.mass, 1);
    result.first = ordered.restored(result.first, model.d);
    if (shape != Shape::tied && shape != Shape::none) {
        result.second = ordered.restored(result.second, scores.seconds);
    }
    if (missing) {
        result.missing = detail::MissingInformation(ordered, scores).from(sums.data());
    }
    return dense;
}

}  // namespace gmmscape
