// Which components may be left out over a box of rows: bounds of what they add to any row's density there.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "../fit.hpp"

namespace gmmscape {

// What is left out, as the caller asks for it (docs/methods/fits/truncated.md).
struct LeftOut {
    double log_share;         // log of the largest share in a row that one component may have and be left out
    std::vector<char> never;  // (k): components that are always there
};

// Of each component, what bounds need: diagonal matrices with low <= A <= high for its precision matrix A, and A.
struct ComponentBounds {
    explicit ComponentBounds(const Model& model) : model(model), k(model.k), d(model.d) {
        low.resize(k * d);
        const size_t matrices = model.shape == Shape::full ? k : model.shape == Shape::tied ? 1 : 0;
        if (matrices == 0) {
            for (size_t i = 0; i < k * d; ++i) {
                const double u = model.factors[model.shape == Shape::diag ? i : i / d];
                low[i] = u * u;
            }
            high = low;
            fill_narrowest();
            return;
        }
        high.resize(k * d);
        precision.resize(matrices * triangle(d));
        for (size_t i = 0; i < k; ++i) {
            if (i < matrices) {
                fill(i);
            } else {
                std::copy_n(low.begin(), d, low.begin() + static_cast<std::ptrdiff_t>(i * d));
                std::copy_n(high.begin(), d, high.begin() + static_cast<std::ptrdiff_t>(i * d));
            }
        }
        fill_narrowest();
    }

    // A_i v, and the quadratic form v' A_i v.
    double times(size_t i, const double* v, double* image) const {
        double form = 0.0;
        if (precision.empty()) {
            for (size_t j = 0; j < d; ++j) {
                image[j] = low[i * d + j] * v[j];
                form += image[j] * v[j];
            }
            return form;
        }
        const double* A = precision.data() + (model.shape == Shape::full ? i * triangle(d) : 0);
        for (size_t j = 0; j < d; A += ++j) {
            double sum = 0.0;
            for (size_t l = 0; l < j; ++l) {
                sum += A[l] * v[l];
                image[l] += A[l] * v[j];
            }
            image[j] = sum + A[j] * v[j];
        }
        for (size_t j = 0; j < d; ++j) {
            form += image[j] * v[j];
        }
        return form;
    }

    // The largest of |g' y| over y' A_i y <= 1: the length of U^-1 g, where A = U U'. `solved` is overwritten.
    double steepest(size_t i, const double* g, double* solved) const {
        double squared = 0.0;
        if (precision.empty()) {
            for (size_t j = 0; j < d; ++j) {
                squared += g[j] * g[j] / low[i * d + j];
            }
            return std::sqrt(squared);
        }
        const double* U = model.factor(i);
        for (size_t j = d; j-- > 0;) {
            double sum = g[j];
            for (size_t l = j + 1; l < d; ++l) {
                sum -= U[j * d + l] * solved[l];
            }
            solved[j] = sum / U[j * d + j];
            squared += solved[j] * solved[j];
        }
        return std::sqrt(squared);
    }

    const Model& model;
    const size_t k, d;
    std::vector<double> low, high;  // (k, d)
    std::vector<double> narrowest;  // (k): one over a lower bound of the standard deviation in any direction
    std::vector<double> precision;  // packed lower triangles: one a component, one for all, or none

  private:
    void fill_narrowest() {
        narrowest.resize(k);
        for (size_t i = 0; i < k; ++i) {
            narrowest[i] = std::sqrt(*std::max_element(high.data() + i * d, high.data() + (i + 1) * d));
        }
    }

    // For any matrix M = T R T with T diagonal and R of unit diagonal, M <= |R| T^2, with any norm of R that bounds its
    // eigenvalues; for the covariance C this is a lower bound of A = C^-1. Units of columns do not matter.
    void fill(size_t i) {
        const double* U = model.factor(i);
        std::vector<double> A(d * d), root(d * d, 0.0), C(d * d);
        for (size_t j = 0; j < d; ++j) {
            for (size_t l = 0; l <= j; ++l) {
                A[j * d + l] = A[l * d + j] = detail::precision_entry(U, d, j, l);
                precision[i * triangle(d) + triangle(j) + l] = A[j * d + l];
            }
        }
        for (size_t column = 0; column < d; ++column) {  // U^-1, upper triangular
            for (size_t j = column + 1; j-- > 0;) {
                double sum = j == column ? 1.0 : 0.0;
                for (size_t l = j + 1; l <= column; ++l) {
                    sum -= U[j * d + l] * root[l * d + column];
                }
                root[j * d + column] = sum / U[j * d + j];
            }
        }
        for (size_t j = 0; j < d; ++j) {  // C = U^-T U^-1
            for (size_t l = 0; l <= j; ++l) {
                double sum = 0.0;
                for (size_t m = 0; m <= l; ++m) {
                    sum += root[m * d + j] * root[m * d + l];
                }
                C[j * d + l] = C[l * d + j] = sum;
            }
        }
        const double wide = norm_of_correlations(C), narrow = norm_of_correlations(A);
        for (size_t j = 0; j < d; ++j) {
            low[i * d + j] = 1.0 / (wide * C[j * d + j]);
            high[i * d + j] = narrow * A[j * d + j];
        }
    }

    double norm_of_correlations(const std::vector<double>& M) const {
        double rows = 0.0, squares = 0.0;
        for (size_t j = 0; j < d; ++j) {
            double sum = 0.0;
            for (size_t l = 0; l < d; ++l) {
                const double r = std::abs(M[j * d + l]) / std::sqrt(M[j * d + j]) / std::sqrt(M[l * d + l]);
                sum += r;
                squares += r * r;
            }
            rows = std::max(rows, sum);
        }
        return std::min(rows, std::sqrt(squares)) * (1.0 + 1e-12);
    }
};

// Lists of components for boxes of rows. What is left out has, in any row of the box, a share below
// exp(log_share) / (1 + q) for its squared distance q from the row: its second moments are as small as its mass.
class Candidates {
  public:
    Candidates(const Kernels& kernels, const ComponentBounds& bounds, const LeftOut& left)
        : kernels_(kernels), bounds_(bounds), left_(left), d_(bounds.d), upper_(bounds.k), far_(bounds.k),
          joint_(bounds.k), shift_(d_), solved_(d_), change_(d_), zeros_(d_, 0.0) {}

    // Boxes of any size: least and largest density over the box, each component by itself.
    void narrow(const double* center, const double* half, const std::vector<unsigned>& among,
                std::vector<unsigned>& list) {
        double best = -std::numeric_limits<double>::infinity();
        const Metrics metrics{d_, bounds_.model.means, bounds_.low.data(), bounds_.high.data()};
        kernels_.box_distances(metrics, center, half, among.data(), among.size(), upper_.data(), far_.data());
        for (size_t a = 0; a < among.size(); ++a) {
            const double constant = bounds_.model.log_constants[among[a]];
            upper_[a] = constant - 0.5 * upper_[a];
            best = std::max(best, constant - 0.5 * far_[a]);
        }
        keep(among, best + left_.log_share, list);
    }

    // Balls: the same, by distances from the center, give or take the radius in each component's metric.
    void narrow(const double* center, double radius, const std::vector<unsigned>& among, std::vector<unsigned>& list) {
        const Metrics metrics{d_, bounds_.model.means, bounds_.low.data(), bounds_.high.data()};
        const bool same = bounds_.precision.empty();
        if (same) {
            kernels_.distances(metrics, center, among.data(), among.size(), upper_.data());
        } else {
            kernels_.box_distances(metrics, center, zeros_.data(), among.data(), among.size(), upper_.data(),
                                   far_.data());
        }
        // The one of largest density at the center, about, is as good a reference as any, and roots are slow.
        const double* constants = bounds_.model.log_constants;
        size_t first = 0;
        double top = -std::numeric_limits<double>::infinity(), largest = top;
        for (size_t a = 0; a < among.size(); ++a) {
            const double joint = constants[among[a]] - 0.5 * upper_[a];
            first = joint > top ? a : first;
            top = joint > top ? joint : top;
            largest = std::max(largest, constants[among[a]]);
        }
        const double furthest =
            std::sqrt(same ? upper_[first] : far_[first]) + bounds_.narrowest[among[first]] * radius;
        const double least = constants[among[first]] - 0.5 * furthest * furthest + left_.log_share;
        const double away = std::sqrt(2.0 * (largest - least + growth(1e4 - 1.0)));
        list.clear();
        for (size_t a = 0; a < among.size(); ++a) {
            const double reach = bounds_.narrowest[among[a]] * radius, clear = reach + away;
            bool out = upper_[a] > clear * clear && (same ? upper_[a] : far_[a]) + reach * reach < 2e3;
            if (!out) {
                const double root = std::sqrt(upper_[a]), near = std::max(root - reach, 0.0);
                const double far = (same ? root : std::sqrt(far_[a])) + reach;
                const double upper = constants[among[a]] - 0.5 * near * near;
                out = upper < least && upper + growth(far * far) + rounding * far * far < least;
            }
            if (!out || left_.never[among[a]] != 0) {
                list.push_back(among[a]);
            }
        }
    }

    // A small box: differences of log densities to the largest one at its center are bounded, which loses less than
    // two bounds do. With y = x - center and g the slope of the difference there it is, along y,
    //     g'y - y'A y/2 + y'B y/2
    // for precision matrices A and B of the two. `furthest(i)` is the largest y'A_i y of the rows.
    template <class Furthest>
    void refine(const double* center, const double* half, double radius, const std::vector<unsigned>& among,
                std::vector<unsigned>& list, Furthest furthest) {
        slopes_.resize(among.size() * d_);
        size_t first = 0;
        for (size_t a = 0; a < among.size(); ++a) {
            const size_t i = among[a];
            for (size_t j = 0; j < d_; ++j) {
                shift_[j] = center[j] - bounds_.model.means[i * d_ + j];
            }
            far_[a] = bounds_.times(i, shift_.data(), slopes_.data() + a * d_);
            joint_[a] = bounds_.model.log_constants[i] - 0.5 * far_[a];
            first = joint_[a] > joint_[first] || !(joint_[first] == joint_[first]) ? a : first;
        }
        list.clear();
        const size_t reference = among[first];
        const double reach = among.size() > 1 ? furthest(reference) : 0.0;
        const double furthest_root = std::sqrt(far_[first]) +
                                     (bounds_.model.shape == Shape::spherical ? bounds_.narrowest[reference] * radius
                                                                              : std::sqrt(reach));
        const double lowest = bounds_.model.log_constants[reference] - 0.5 * furthest_root * furthest_root;
        const double tolerated = rounding * (1.0 + scale_of(reference, center, half));
        for (size_t a = 0; a < among.size(); ++a) {
            const size_t i = among[a];
            const double gap = joint_[a] - joint_[first];
            bool out = a != first && left_.never[i] == 0 && gap < left_.log_share;
            if (out) {
                const double scale = scale_of(i, center, half);
                const double least = left_.log_share - growth(scale) - tolerated - rounding * scale;
                out = apart(i, far_[a], half, radius) - lowest < least ||
                      gap + largest_slope(reference, a, first, half, radius, std::sqrt(reach)) +
                              bend(i, reference, half, radius, reach) <
                          least;
            }
            if (!out) {
                list.push_back(among[a]);
            }
        }
    }

  private:
    // Those of which `upper_` is not below `least`, with what their distances `far_` ask for.
    void keep(const std::vector<unsigned>& among, double least, std::vector<unsigned>& list) const {
        list.clear();
        for (size_t a = 0; a < among.size(); ++a) {
            const bool out = upper_[a] < least && upper_[a] + growth(far_[a]) + rounding * far_[a] < least;
            if (!out || left_.never[among[a]] != 0) {
                list.push_back(among[a]);
            }
        }
    }

    // Of forms and constants, relative; generous.
    static constexpr double rounding = 1e-12;

    // At least log(1 + q), cheaply where q is small.
    static double growth(double q) { return q < 100.0 ? 4.62 : q < 1e4 ? 9.22 : std::log(1.0 + q); }

    // An upper bound of a component's squared distances from the box.
    double scale_of(size_t i, const double* center, const double* half) const {
        double furthest = 0.0;
        for (size_t j = 0; j < d_; ++j) {
            const double far = std::abs(center[j] - bounds_.model.means[i * d_ + j]) + half[j];
            furthest += bounds_.high[i * d_ + j] * far * far;
        }
        return furthest;
    }

    // The largest change of the difference by its slope at the center: over the box, the ball, and the ellipsoid of the
    // reference.
    double largest_slope(size_t reference, size_t a, size_t first, const double* half, double radius, double reach) {
        const double *own = slopes_.data() + a * d_, *its = slopes_.data() + first * d_;
        double box = 0.0, squared = 0.0;
        for (size_t j = 0; j < d_; ++j) {
            change_[j] = its[j] - own[j];
            box += std::abs(change_[j]) * half[j];
            squared += change_[j] * change_[j];
        }
        const double ball = std::sqrt(squared) * radius;
        if (bounds_.model.shape == Shape::spherical) {
            return std::min(box, ball);
        }
        return std::min({box, ball, bounds_.steepest(reference, change_.data(), solved_.data()) * reach});
    }

    // The largest log density over the box and the ball, by distances alone: less is lost where A is large.
    double apart(size_t i, double squared, const double* half, double radius) const {
        double reach = 0.0;
        for (size_t j = 0; j < d_; ++j) {
            reach += bounds_.high[i * d_ + j] * half[j] * half[j];
        }
        const double ball = bounds_.narrowest[i] * radius;
        const double near = std::max(std::sqrt(squared) - std::min(std::sqrt(reach), ball), 0.0);
        return bounds_.model.log_constants[i] - 0.5 * near * near;
    }

    // The largest of (y'B y - y'A y) / 2, for A of component i and B of the reference.
    double bend(size_t i, size_t reference, const double* half, double radius, double reach) const {
        const double *own = bounds_.low.data() + i * d_, *its = bounds_.low.data() + reference * d_;
        switch (bounds_.model.shape) {
            case Shape::tied: return 0.0;
            case Shape::spherical: return 0.5 * std::max(its[0] - own[0], 0.0) * radius * radius;
            case Shape::diag: {
                double sum = 0.0;
                for (size_t j = 0; j < d_; ++j) {
                    sum += std::max(its[j] - own[j], 0.0) * half[j] * half[j];
                }
                return 0.5 * std::min(sum, reach);
            }
            default: return 0.5 * reach;
        }
    }

    const Kernels& kernels_;
    const ComponentBounds& bounds_;
    const LeftOut& left_;
    const size_t d_;
    std::vector<double> upper_, far_, joint_, slopes_, shift_, solved_, change_, zeros_;
};

}  // namespace gmmscape
