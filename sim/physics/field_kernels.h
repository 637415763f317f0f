// FieldKernels: the inner loops between the medium and the speckle: fields added up, mixed, turned
// and rounded.
//
// Each has a plain form, which defines it, and a form for the widest vector registers of the
// machine (Highway, chosen at run time). Both give the same integers: sums are exact, and doubles
// are multiplied and added in the same order.
#pragma once

#include <cstdint>
#include <span>

namespace opal::sim {

// into[k] = base[k] + sum of parts[p][k]; the sum of the parts fits 32 bits.
void sum_fields_plain(std::span<const std::int64_t> base,
                      std::span<const std::int32_t* const> parts, std::span<std::int64_t> into);
void sum_fields(std::span<const std::int64_t> base, std::span<const std::int32_t* const> parts,
                std::span<std::int64_t> into);

// How the medium's sums become field units.
struct FieldTurn {
    double near_units = 0;  // of the medium's epoch
    double far_units = 0;   // and of the next
    double cosine = 1;      // of the phase between the arms
    double sine = 0;
};

// Per mode z = near_units * near + far_units * far, times cosine + i sine, rounded to the nearest
// integer, halves away from 0, saturated to int16. All re and im interleaved, equally long.
void turn_fields_plain(std::span<const std::int64_t> near, std::span<const std::int64_t> far,
                       const FieldTurn& turn, std::span<std::int16_t> into);
void turn_fields(std::span<const std::int64_t> near, std::span<const std::int64_t> far,
                 const FieldTurn& turn, std::span<std::int16_t> into);

}  // namespace opal::sim
