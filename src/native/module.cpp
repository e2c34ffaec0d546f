// The Python module gmmscape.engine._native: thin bindings, the arithmetic is in the headers.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <cstddef>
#include <memory>

#include "logsumexp.hpp"

namespace nb = nanobind;

namespace {

using Matrix = nb::ndarray<const double, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Vector = nb::ndarray<nb::numpy, double, nb::ndim<1>>;

Vector logsumexp_rows(const Matrix& matrix) {
    const std::size_t rows = matrix.shape(0);
    const std::size_t columns = matrix.shape(1);
    auto values = std::make_unique<double[]>(rows);
    {
        nb::gil_scoped_release release;
        gmmscape::logsumexp_rows(matrix.data(), rows, columns, values.get());
    }
    double* data = values.get();
    nb::capsule owner(data, [](void* p) noexcept { delete[] static_cast<double*>(p); });
    values.release();  // the capsule owns the memory from here on
    return Vector(data, {rows}, owner);
}

}  // namespace

NB_MODULE(_native, module) {
    module.doc() = "Compiled kernels of the engine.";
    // noconvert: a silent copy of a large array would hide what the caller should not have passed.
    module.def("logsumexp_rows", &logsumexp_rows, nb::arg("matrix").noconvert(),
               "Return log(sum(exp(row))) of each row of a C-contiguous float64 matrix.\n\n"
               "Any other type or layout is a TypeError. An empty row gives -inf. The GIL is released.");
}
