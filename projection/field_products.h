// FieldProducts: inner products of one field with many fields, the arithmetic of reading a pilot.
//
//   out(j) = sum over k of conj(others(j, k)) * field(k)
//
// Fields are rows of complex floats, real and imaginary part in turn [ISO C++, complex.numbers 4].
// Component k is added to partial sums number 2k and 2k + 1 modulo 16, unfused, and the partial
// sums are added in a fixed order: the plain form and those for vector registers of any width
// (Highway, chosen at run time) give the same bits.
#pragma once

#include <complex>
#include <span>

namespace opal::projection {

// others: (out.size(), field.size()). Allocates nothing; safe from several threads.
void field_products(std::span<const std::complex<float>> others,
                    std::span<const std::complex<float>> field, std::span<std::complex<float>> out);
void field_products_plain(std::span<const std::complex<float>> others,
                          std::span<const std::complex<float>> field,
                          std::span<std::complex<float>> out);

}  // namespace opal::projection
