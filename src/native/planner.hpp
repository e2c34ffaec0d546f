// Lays a model out for the kernels.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "contract.hpp"

namespace gmmscape {

// A mixture: log_constants is the log joint density of each component at its own mean; factors are
// precision factors U, with U U' the inverse covariance: (k), (k, d), (d, d) or (k, d, d), upper triangular.
struct Model {
    Shape shape;
    size_t k, d;
    const double* log_constants;
    const double* means;
    const double* factors;

    const double* factor(size_t i) const {
        switch (shape) {
            case Shape::spherical: return factors + i;
            case Shape::diag: return factors + i * d;
            case Shape::full: return factors + i * d * d;
            default: return factors;
        }
    }
};

// From this dimension on, products of coordinates are so many that the centred form is as fast.
constexpr size_t MOST_PRODUCT_COLUMNS = 20;

inline size_t triangle(size_t d) { return d * (d + 1) / 2; }

inline Squares squares_of(Shape shape) {
    switch (shape) {
        case Shape::spherical: return Squares::sum;
        case Shape::diag: return Squares::each;
        case Shape::full: return Squares::products;
        default: return Squares::none;
    }
}

inline size_t count(Squares squares, size_t d) {
    switch (squares) {
        case Squares::sum: return 1;
        case Squares::each: return d;
        case Squares::products: return triangle(d);
        default: return 0;
    }
}

inline Moments layout(Shape scatter, size_t k, size_t d) {
    Moments moments{};
    moments.mass = 2;
    moments.first = 2 + k;
    moments.second = moments.first + k * d;
    moments.each = count(squares_of(scatter), d);
    moments.size = moments.second + (scatter == Shape::tied ? triangle(d) : k * moments.each);
    return moments;
}

template <class T>
size_t feature_rows(const Plan<T>& plan) {
    return 1 + plan.d + count(plan.squares, plan.d);
}

// A plan that owns what it points to.
template <class T>
class PlanOf {
  public:
    // Moments are taken about `about`, the means if null. `features` false forbids the feature form.
    PlanOf(const Model& model, Shape scatter, const double* about, bool features);
    PlanOf(const PlanOf&) = delete;
    PlanOf& operator=(const PlanOf&) = delete;

    const Plan<T>& plan() const { return plan_; }

  private:
    bool fill_features(const Model& model);
    void fill_centred(const Model& model, const double* about);
    void fill_gate(const Model& model);
    double fill_theta(const Model& model, size_t i, const double* m);
    void fill_common(const Model& model);

    Plan<T> plan_{};
    std::vector<double> center_, gates_, thetas_, common_, centred_origin_, about_;
    std::vector<T> theta_, constants_, gate_, high_, low_, about_high_, about_low_, precision_, columns_,
        centred_constants_;
};

namespace detail {

// Tiles of a (k, p) matrix: blocks of TILE components, the last of those that are left, features outside.
template <class T>
std::vector<T> tiled(const std::vector<double>& matrix, size_t k, size_t p) {
    std::vector<T> packed;
    packed.reserve(k * p);
    for (size_t first = 0; first < k;) {
        const size_t tile = std::min(k - first, TILE);
        for (size_t f = 0; f < p; ++f) {
            for (size_t i = first; i < first + tile; ++i) {
                packed.push_back(static_cast<T>(matrix[i * p + f]));
            }
        }
        first += tile;
    }
    return packed;
}

template <class T>
void split(const std::vector<double>& values, std::vector<T>& high, std::vector<T>& low) {
    high.resize(values.size());
    low.resize(values.size());
    for (size_t i = 0; i < values.size(); ++i) {
        high[i] = static_cast<T>(values[i]);
        low[i] = static_cast<T>(values[i] - static_cast<double>(high[i]));
    }
}

// U' v for an upper triangular U.
inline std::vector<double> transposed_product(const double* U, size_t d, const double* v) {
    std::vector<double> result(d, 0.0);
    for (size_t j = 0; j < d; ++j) {
        for (size_t l = 0; l <= j; ++l) {
            result[j] += U[l * d + j] * v[l];
        }
    }
    return result;
}

// Entry (i, j) of U U'.
inline double precision_entry(const double* U, size_t d, size_t i, size_t j) {
    double sum = 0.0;
    for (size_t l = std::max(i, j); l < d; ++l) {
        sum += U[i * d + l] * U[j * d + l];
    }
    return sum;
}

// Columns of an upper triangular factor in tiles: its rows outside, zeros beyond the last column.
template <class T>
void append_factor(const double* U, size_t d, std::vector<T>& packed) {
    for (size_t j = 0; j < d; j += TILE) {
        for (size_t l = 0; l < std::min(j + TILE, d); ++l) {
            for (size_t m = j; m < j + TILE; ++m) {
                packed.push_back(static_cast<T>(m < d && l <= m ? U[l * d + m] : 0.0));
            }
        }
    }
}

}  // namespace detail

template <class T>
PlanOf<T>::PlanOf(const Model& model, Shape scatter, const double* about, bool features) {
    const size_t k = model.k, d = model.d;
    plan_.shape = model.shape;
    plan_.scatter = scatter;
    plan_.k = k;
    plan_.d = d;
    plan_.moments = layout(scatter, k, d);
    plan_.offset = *std::max_element(model.log_constants, model.log_constants + k);
    if (!std::isfinite(plan_.offset)) {
        plan_.offset = 0.0;
    }
    center_.assign(d, 0.0);
    for (size_t i = 0; i < k * d; ++i) {
        center_[i % d] += model.means[i] / static_cast<double>(k);
    }
    plan_.center = center_.data();
    plan_.features = features && (model.shape != Shape::full || d <= MOST_PRODUCT_COLUMNS) && fill_features(model);
    if (!plan_.features) {
        plan_.squares = Squares::none;
        plan_.moment_features = 0;
    }
    fill_centred(model, about);
}

// Fills in the feature form, and says whether it can be used: the means must be within its limit too.
template <class T>
bool PlanOf<T>::fill_features(const Model& model) {
    const size_t k = model.k, d = model.d;
    const bool one_width = model.shape == Shape::spherical &&
                           std::all_of(model.factors, model.factors + k, [&](double u) { return u == model.factors[0]; });
    const Squares in_density = one_width ? Squares::none : squares_of(model.shape);
    const Squares in_moments = squares_of(plan_.scatter);
    if (in_density != Squares::none && in_moments != Squares::none && in_density != in_moments) {
        return false;
    }
    plan_.half_precision = one_width ? 0.5 * model.factors[0] * model.factors[0] : 0.0;
    plan_.pooled = plan_.scatter == Shape::tied || model.shape == Shape::tied;
    plan_.squares = std::max(in_density, in_moments);
    plan_.density_features = d + count(in_density, d);
    plan_.moment_features = 1 + d + count(in_moments, d);
    fill_gate(model);
    fill_common(model);
    thetas_.assign(k * plan_.density_features, 0.0);
    std::vector<double> m(d);
    for (size_t i = 0; i < k; ++i) {
        double gated = 0.0;
        for (size_t j = 0; j < d; ++j) {
            m[j] = model.means[i * d + j] - center_[j];
            gated += gates_[j] * m[j] * m[j];
        }
        if (!(gated <= feature_limit<T>)) {
            return false;
        }
        const double constant = fill_theta(model, i, m.data()) + model.log_constants[i] - plan_.offset;
        constants_.push_back(static_cast<T>(constant));
    }
    theta_ = detail::tiled<T>(thetas_, k, plan_.density_features);
    gate_.assign(gates_.begin(), gates_.end());
    plan_.theta = theta_.data();
    plan_.constants = constants_.data();
    plan_.gate = gate_.data();
    return true;
}

// Bounds, for each coordinate, of its part in the largest term of a log density.
template <class T>
void PlanOf<T>::fill_gate(const Model& model) {
    const size_t d = model.d;
    gates_.assign(d, 0.0);
    for (size_t i = 0; i < (model.shape == Shape::tied ? 1 : model.k); ++i) {
        const double* factor = model.factor(i);
        for (size_t j = 0; j < d; ++j) {
            double part = 0.0;
            if (model.shape == Shape::spherical || model.shape == Shape::diag) {
                const double u = factor[model.shape == Shape::diag ? j : 0];
                part = u * u;
            } else {
                // |v' A v| <= sum of v_j^2 sum_l |A_jl|; products of the factor's entries bound those of A = U U'.
                for (size_t l = 0; l < d; ++l) {
                    for (size_t m = std::max(j, l); m < d; ++m) {
                        part += std::abs(factor[j * d + m] * factor[l * d + m]);
                    }
                }
            }
            gates_[j] = std::max(gates_[j], part);
        }
    }
}

// Writes component i's row of theta, its mean being m; returns what its constant changes by.
template <class T>
double PlanOf<T>::fill_theta(const Model& model, size_t i, const double* m) {
    const size_t d = model.d;
    const double* factor = model.factor(i);
    double* theta = thetas_.data() + i * plan_.density_features;
    double squared = 0.0;
    if (model.shape == Shape::spherical || model.shape == Shape::diag) {
        for (size_t j = 0; j < d; ++j) {
            const double u = factor[model.shape == Shape::diag ? j : 0];
            theta[j] = u * u * m[j];
            squared += (u * m[j]) * (u * m[j]);
        }
        for (size_t f = d; f < plan_.density_features; ++f) {
            const double u = factor[model.shape == Shape::diag ? f - d : 0];
            theta[f] = -0.5 * u * u;
        }
        return -0.5 * squared;
    }
    const std::vector<double> scaled = detail::transposed_product(factor, d, m);
    for (double s : scaled) {
        squared += s * s;
    }
    for (size_t j = 0, at = d; j < d; ++j) {
        for (size_t l = j; l < d; ++l) {
            theta[j] += factor[j * d + l] * scaled[l];
        }
        for (size_t l = 0; model.shape == Shape::full && l <= j; ++l, ++at) {
            theta[at] = (l == j ? -0.5 : -1.0) * detail::precision_entry(factor, d, j, l);
        }
    }
    return -0.5 * squared;
}

// Squares that all components share change no responsibility: of them only the sum over all rows is wanted, which the
// pooled second moments give.
template <class T>
void PlanOf<T>::fill_common(const Model& model) {
    if (model.shape != Shape::tied) {
        return;
    }
    for (size_t j = 0; j < model.d; ++j) {
        for (size_t l = 0; l <= j; ++l) {
            common_.push_back((l == j ? 0.5 : 1.0) * detail::precision_entry(model.factors, model.d, j, l));
        }
    }
    plan_.common = common_.data();
}

template <class T>
void PlanOf<T>::fill_centred(const Model& model, const double* about) {
    const size_t k = model.k, d = model.d;
    // In double, rows are taken as they are: subtracting a mean is then the only rounding, as in the reference.
    centred_origin_ = sizeof(T) == 8 ? std::vector<double>(d, 0.0) : center_;
    about_.assign(about ? about : model.means, (about ? about : model.means) + k * d);
    std::vector<double> means(k * d), places(k * d);
    for (size_t i = 0; i < k * d; ++i) {
        means[i] = model.means[i] - centred_origin_[i % d];
        places[i] = about_[i] - centred_origin_[i % d];
    }
    detail::split(means, high_, low_);
    detail::split(places, about_high_, about_low_);
    for (size_t i = 0; i < k; ++i) {
        centred_constants_.push_back(static_cast<T>(model.log_constants[i] - plan_.offset));
    }
    if (model.shape == Shape::tied || model.shape == Shape::full) {
        for (size_t i = 0; i < (model.shape == Shape::full ? k : 1); ++i) {
            detail::append_factor(model.factor(i), d, columns_);
        }
        plan_.factor_size = columns_.size() / (model.shape == Shape::full ? k : 1);
    } else {
        precision_.assign(model.factors, model.factors + (model.shape == Shape::diag ? k * d : k));
    }
    plan_.centred_origin = centred_origin_.data();
    plan_.high = high_.data();
    plan_.low = low_.data();
    plan_.about_high = about_high_.data();
    plan_.about_low = about_low_.data();
    plan_.about = about_.data();
    plan_.precision = precision_.data();
    plan_.columns = columns_.data();
    plan_.centred_constants = centred_constants_.data();
}

}  // namespace gmmscape
