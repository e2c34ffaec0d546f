// The Python module gmmscape.engine._native: thin bindings, the arithmetic is in the headers.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dispatch.hpp"
#include "engine.hpp"
#include "logsumexp.hpp"

namespace nb = nanobind;

namespace {

using gmmscape::Kernels;
using gmmscape::Model;
using gmmscape::Shape;
using std::size_t;

using Array = nb::ndarray<const double, nb::c_contig, nb::device::cpu>;
using Matrix = nb::ndarray<const double, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Result = nb::ndarray<nb::numpy, double>;
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

size_t factor_size(Shape shape, size_t k, size_t d) {
    switch (shape) {
        case Shape::spherical: return k;
        case Shape::diag: return k * d;
        case Shape::tied: return d * d;
        default: return k * d * d;
    }
}

// A mixture as Python passes it; the arrays are checked once and not copied.
Model model_of(const std::string& kind, const Array& log_constants, const Matrix& means, const Array& factors) {
    const Shape shape = shape_named(kind);
    const size_t k = means.shape(0), d = means.shape(1);
    require(shape != Shape::none, "kind must be that of a mixture");
    require(k > 0 && d > 0 && log_constants.size() == k, "means and log_constants must have one entry a component");
    require(factors.size() == factor_size(shape, k, d), "factors do not have the shape of their kind");
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

template <class T>
nb::object statistics(const std::string& isa, const std::string& kind, const Array& log_constants, const Matrix& means,
                      const Array& factors, const RowMatrix<T>& x, const std::optional<Array>& origin,
                      const std::optional<Array>& weights, double weight, const std::string& scatter, size_t threads) {
    const Kernels& kernels = kernels_named(isa);
    const Model model = model_of(kind, log_constants, means, factors);
    const auto rows = rows_of<T>(x, model.d, origin, weights, weight);
    const Shape shape = shape_named(scatter);
    gmmscape::Statistics found;
    bool dense = false;
    {
        nb::gil_scoped_release release;
        dense = gmmscape::statistics<T>(kernels, model, rows, shape, threads, found);
    }
    if (!dense) {
        return nb::none();
    }
    const size_t k = model.k, d = model.d;
    std::vector<size_t> scatter_shape;
    switch (shape) {
        case Shape::spherical: scatter_shape = {k}; break;
        case Shape::diag: scatter_shape = {k, d}; break;
        case Shape::tied: scatter_shape = {d, d}; break;
        case Shape::full: scatter_shape = {k, d, d}; break;
        default: scatter_shape = {0};
    }
    return nb::make_tuple(found.log_likelihood, found.weight, copied(found.mass, {k}), copied(found.mean, {k, d}),
                          copied(found.scatter, scatter_shape));
}

template <class T>
nb::object posterior(const std::string& isa, const std::string& kind, const Array& log_constants, const Matrix& means,
                     const Array& factors, const RowMatrix<T>& x, const std::optional<Array>& origin, size_t threads,
                     bool responsibilities) {
    const Kernels& kernels = kernels_named(isa);
    const Model model = model_of(kind, log_constants, means, factors);
    const auto rows = rows_of<T>(x, model.d, origin, std::nullopt, 1.0);
    const size_t size = rows.n * (responsibilities ? model.k : 1);
    std::unique_ptr<double[]> values(new double[size]);
    bool dense = false;
    {
        nb::gil_scoped_release release;
        dense = gmmscape::posterior<T>(kernels, model, rows, threads, responsibilities ? nullptr : values.get(),
                                       responsibilities ? values.get() : nullptr);
    }
    if (!dense) {
        return nb::none();
    }
    std::vector<size_t> shape = {rows.n};
    if (responsibilities) {
        shape.push_back(model.k);
    }
    return nb::cast(owned(std::move(values), shape));
}

Result logsumexp_rows(const Matrix& matrix) {
    const size_t rows = matrix.shape(0);
    auto values = std::make_unique<double[]>(rows);
    {
        nb::gil_scoped_release release;
        gmmscape::logsumexp_rows(matrix.data(), rows, matrix.shape(1), values.get());
    }
    return owned(std::move(values), {rows});
}

template <class T>
void define_passes(nb::module_& module) {
    // noconvert: a silent copy of a large array would hide what the caller should not have passed.
    module.def("statistics", &statistics<T>, nb::arg("isa"), nb::arg("kind"), nb::arg("log_constants").noconvert(),
               nb::arg("means").noconvert(), nb::arg("factors").noconvert(), nb::arg("x").noconvert(),
               nb::arg("origin").noconvert().none(), nb::arg("weights").noconvert().none(), nb::arg("weight"),
               nb::arg("scatter"), nb::arg("threads"));
    module.def("posterior", &posterior<T>, nb::arg("isa"), nb::arg("kind"), nb::arg("log_constants").noconvert(),
               nb::arg("means").noconvert(), nb::arg("factors").noconvert(), nb::arg("x").noconvert(),
               nb::arg("origin").noconvert().none(), nb::arg("threads"), nb::arg("responsibilities"));
}

}  // namespace

NB_MODULE(_native, module) {
    module.doc() = "Compiled kernels of the engine.";
    define_passes<double>(module);
    define_passes<float>(module);
    module.def(
        "instruction_sets",
        [] {
            std::vector<std::string> names;
            for (const Kernels* kernels : gmmscape::available_kernels()) {
                names.emplace_back(kernels->name);
            }
            return names;
        },
        "Return the instruction sets that this build holds and this machine can run, the fastest last.");
    module.def("logsumexp_rows", &logsumexp_rows, nb::arg("matrix").noconvert(),
               "Return log(sum(exp(row))) of each row of a C-contiguous float64 matrix.\n\n"
               "Any other type or layout is a TypeError. An empty row gives -inf. The GIL is released.");
}
