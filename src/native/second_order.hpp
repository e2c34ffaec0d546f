// The second-order phase of a fit: a quadratic model of the objective in each component's own units, made of the exact
// Hessian now and then and of secants in between, minimised in a trust region.
#pragma once

#include <optional>

#include "own_units.hpp"
#include "trust_region.hpp"

namespace gmmscape {

// When steps of the model take the place of plain ones, and how they are made; as engine.SecondOrder in Python.
struct SecondOrder {
    size_t after, window, largest;
    double dearest, price, products_price, product_cost;
    size_t secants, products;
    double rough, exact, correction, reach, trial, payback;
    size_t rest;
    double radius, least_radius, longest, acceptable, poor, no_fall;
};

// What a family's Hessian costs, in passes beside its own moments, if every component touches every row.
inline double hessian_passes(Shape shape, size_t k, size_t d) {
    const size_t squares = count(squares_of(shape), d), features = 1 + d + squares;
    size_t monomials = 1 + d + triangle(d);
    if (shape == Shape::spherical) {
        monomials += d + 1;
    } else if (shape == Shape::diag) {
        monomials += d * d + triangle(d);
    } else if (shape == Shape::full) {
        monomials += triangle(d) * (d + 2) / 3 * (d + 7) / 4;
    }
    return 0.5 * static_cast<double>((k + 1) * monomials) / static_cast<double>(3 * features + 15);
}

// The model at one point, and the way its region grows and shrinks. Coordinates are those of the point it was last
// moved to; secants compare gradients in the units of either point.
class QuadraticModel {
  public:
    explicit QuadraticModel(double radius) : radius_(radius) {}

    bool known() const { return !matrix_.empty(); }
    bool worn(size_t most) const { return secants_ >= most; }
    bool moved() const { return moved_; }
    double radius() const { return radius_; }

    void set(std::vector<double> matrix) {
        matrix_ = std::move(matrix);
        secants_ = 0;
        moved_ = false;
    }

    TrustStep step(const Kernels& kernels, const std::vector<double>& gradient, double radius, double tolerance) const {
        const size_t m = gradient.size();
        const auto product = [&](const double* v, double* image) {
            kernels.lines_times(matrix_.data(), m, m, v, image);
            return true;
        };
        return KrylovSpace(kernels, product, gradient, radius, tolerance, m, 4).step(radius);
    }

    // Powell's symmetric Broyden update: the least change after which the model has the slope seen at the trial.
    void learn(const std::vector<double>& step, const std::vector<double>& before, const std::vector<double>& after,
               const Kernels& kernels) {
        const size_t m = step.size();
        std::vector<double> rest(m);
        kernels.lines_times(matrix_.data(), m, m, step.data(), rest.data());
        double squared = 0.0, both = 0.0;
        for (size_t at = 0; at < m; ++at) {
            rest[at] = after[at] - before[at] - rest[at];
            squared += step[at] * step[at];
            both += rest[at] * step[at];
        }
        for (size_t i = 0; i < m; ++i) {
            for (size_t j = 0; j < m; ++j) {
                matrix_[i * m + j] += (rest[i] * step[j] + step[i] * rest[j]) / squared -
                                      both / squared * step[i] / squared * step[j];
            }
        }
        ++secants_;
    }

    // Takes the ratio of the objective's fall to the model's; returns whether the step is accepted.
    bool judge(double ratio, double length, double acceptable, double poor) {
        if (!(ratio > acceptable)) {
            radius_ = 0.25 * length;
            return false;
        }
        if (ratio > 0.75 && length > 0.8 * radius_) {
            radius_ *= 2.0;
        } else if (ratio < poor) {
            radius_ = 0.25 * length;
        }
        moved_ = true;
        return true;
    }

  private:
    std::vector<double> matrix_;
    double radius_;
    size_t secants_ = 0;
    bool moved_ = false;
};

}  // namespace gmmscape
