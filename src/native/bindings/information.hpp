// Derivatives of any family, for Python.
#pragma once

#include <cmath>

#include "../missing_product.hpp"
#include "arrays.hpp"

namespace {

// Moments of scores as Python reads them: second ones as matrices.
nb::tuple score_moments(const gmmscape::Information& found, Shape shape, size_t k, size_t d) {
    return nb::make_tuple(found.log_likelihood, found.weight, copied(found.mass, {k}), copied(found.first, {k, d}),
                          copied(unpacked(found.second, shape, k, d), stored_shape(shape, k, d)));
}

nb::object information(const std::string& isa, const std::string& kind, const Array& log_constants,
                       const Matrix& means, const Array& factors, const RowMatrix<double>& x,
                       const std::optional<Array>& origin, const std::optional<Array>& weights, double weight,
                       const std::string& scatter, bool missing, size_t threads) {
    const Kernels& kernels = kernels_named(isa);
    const Model model = model_of(kind, log_constants, means, factors);
    const auto rows = rows_of<double>(x, model.d, origin, weights, weight);
    const Shape shape = shape_named(scatter);
    gmmscape::Information found;
    bool dense = false;
    {
        nb::gil_scoped_release release;
        dense = gmmscape::information(kernels, model, rows, shape, missing, threads, found);
    }
    if (!dense) {
        return nb::none();
    }
    const auto size = static_cast<size_t>(std::llround(std::sqrt(static_cast<double>(found.missing.size()))));
    return nb::make_tuple(score_moments(found, shape, model.k, model.d),
                          missing ? nb::cast(copied(found.missing, {size, size})) : nb::none());
}

nb::object missing_product(const std::string& isa, const std::string& kind, const Array& log_constants,
                           const Matrix& means, const Array& factors, const RowMatrix<double>& x,
                           const std::optional<Array>& origin, const std::optional<Array>& weights, double weight,
                           const std::string& scatter, const Array& direction, size_t threads) {
    const Kernels& kernels = kernels_named(isa);
    const Model model = model_of(kind, log_constants, means, factors);
    const auto rows = rows_of<double>(x, model.d, origin, weights, weight);
    const Shape shape = shape_named(scatter);
    const gmmscape::Scores scores = gmmscape::ScoresOf(model, shape).scores();
    require(direction.size() == model.k * scores.basis + (shape == Shape::tied ? scores.seconds : 0),
            "direction must have one entry a coordinate");
    gmmscape::Information found;
    bool dense = false;
    {
        nb::gil_scoped_release release;
        dense = gmmscape::missing_product(kernels, model, rows, shape, direction.data(), threads, found);
    }
    return dense ? nb::cast(score_moments(found, shape, model.k, model.d)) : nb::none();
}

}  // namespace
