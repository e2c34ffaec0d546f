// Arrays as they cross between Python and the library: checked once, not copied on the way in.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "../dispatch.hpp"
#include "../fit.hpp"

namespace nb = nanobind;

namespace {

using gmmscape::Kernels;
using gmmscape::Model;
using gmmscape::Shape;
using std::size_t;

using Array = nb::ndarray<const double, nb::c_contig, nb::device::cpu>;
using Matrix = nb::ndarray<const double, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Result = nb::ndarray<nb::numpy, double>;
using Ranges = nb::ndarray<const long long, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
template <class T>
using RowMatrix = nb::ndarray<const T, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

Result owned(std::unique_ptr<double[]> values, std::vector<size_t> shape) {
    double* data = values.get();
    nb::capsule owner(data, [](void* p) noexcept { delete[] static_cast<double*>(p); });
    values.release();  // the capsule owns the memory from here on
    return Result(data, shape.size(), shape.data(), owner);
}

Result copied(const std::vector<double>& values, std::vector<size_t> shape) {
    auto copy = std::make_unique<double[]>(values.size());
    std::copy(values.begin(), values.end(), copy.get());
    return owned(std::move(copy), std::move(shape));
}

void require(bool condition, const char* message) {
    if (!condition) {
        throw nb::value_error(message);
    }
}

Shape shape_named(const std::string& name) {
    for (const auto& [known, shape] : {std::pair<const char*, Shape>{"none", Shape::none},
                                       {"spherical", Shape::spherical},
                                       {"diag", Shape::diag},
                                       {"tied", Shape::tied},
                                       {"full", Shape::full}}) {
        if (name == known) {
            return shape;
        }
    }
    throw nb::value_error("a shape is 'none', 'spherical', 'diag', 'tied' or 'full'");
}

const Kernels& kernels_named(const std::string& name) {
    for (const Kernels* kernels : gmmscape::available_kernels()) {
        if (name == kernels->name) {
            return *kernels;
        }
    }
    throw nb::value_error("this machine or this build has no such instruction set");
}

std::vector<size_t> stored_shape(Shape shape, size_t k, size_t d) {
    switch (shape) {
        case Shape::none: return {0};
        case Shape::spherical: return {k};
        case Shape::diag: return {k, d};
        case Shape::tied: return {d, d};
        default: return {k, d, d};
    }
}

// Matrices, of the shapes that are stored as packed lower triangles.
std::vector<double> unpacked(const std::vector<double>& packed, Shape shape, size_t k, size_t d) {
    if (shape != Shape::tied && shape != Shape::full) {
        return packed;
    }
    const size_t count = shape == Shape::full ? k : 1;
    std::vector<double> matrices(count * d * d);
    for (size_t i = 0; i < count; ++i) {
        gmmscape::detail::unpack(packed.data() + i * gmmscape::triangle(d), d, matrices.data() + i * d * d);
    }
    return matrices;
}

// A mixture as Python passes it; the arrays are checked once and not copied.
Model model_of(const std::string& kind, const Array& log_constants, const Matrix& means, const Array& factors) {
    const Shape shape = shape_named(kind);
    const size_t k = means.shape(0), d = means.shape(1);
    require(shape != Shape::none, "kind must be that of a mixture");
    require(k > 0 && d > 0 && log_constants.size() == k, "means and log_constants must have one entry a component");
    require(factors.size() == gmmscape::covariance_size(shape, k, d), "factors do not have the shape of their kind");
    return {shape, k, d, log_constants.data(), means.data(), factors.data()};
}

template <class T>
gmmscape::Rows<T> rows_of(const RowMatrix<T>& x, size_t d, const std::optional<Array>& origin,
                          const std::optional<Array>& weights, double weight) {
    require(x.shape(1) == d, "x must have as many columns as means");
    require(!origin || origin->size() == d, "origin must have one entry a column");
    require(!weights || weights->size() == x.shape(0), "weights must have one entry a row");
    return {x.data(), x.shape(0), d, origin ? origin->data() : nullptr, weights ? weights->data() : nullptr, weight};
}

}  // namespace
