#pragma once
// Numbers of 16 bits as floats and back, and loads from bytes that need not be aligned.
#include <stdint.h>
#include <string.h>

#define SPUD_INLINE static inline __attribute__((always_inline))

SPUD_INLINE float spud_float_from_bits(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

SPUD_INLINE uint32_t spud_bits(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

SPUD_INLINE float spud_float_from_bf16(uint16_t value) { return spud_float_from_bits((uint32_t)value << 16); }

/// Rounds to nearest, ties to even; a NaN stays a NaN.
SPUD_INLINE uint16_t spud_bf16(float value) {
  uint32_t bits = spud_bits(value);
  if ((bits & 0x7fffffff) > 0x7f800000) return (uint16_t)(bits >> 16 | 0x40);
  return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

/// IEEE half to float, subnormals included.
SPUD_INLINE float spud_float_from_half(uint16_t value) {
  uint32_t sign = (uint32_t)(value & 0x8000) << 16, rest = value & 0x7fff;
  if (rest >= 0x7c00) return spud_float_from_bits(sign | 0x7f800000 | (rest & 0x3ff) << 13);
  // The exponent is rebased by a multiplication, which normalizes subnormals on the way.
  float magnitude = spud_float_from_bits(rest << 13) * 0x1p112f;
  return spud_float_from_bits(sign | spud_bits(magnitude));
}

/// Float to IEEE half, to nearest, ties to even; too large becomes infinity.
SPUD_INLINE uint16_t spud_half(float value) {
  uint32_t bits = spud_bits(value), sign = bits >> 16 & 0x8000;
  bits &= 0x7fffffff;
  if (bits >= 0x7f800000) return (uint16_t)(sign | (bits > 0x7f800000 ? 0x7e00 : 0x7c00));
  if (bits >= 0x47800000) return (uint16_t)(sign | 0x7c00);
  if (bits < 0x38800000) {
    // Subnormal: adding 0.5 leaves the rounded multiple of 2^-24 in the low bits.
    return (uint16_t)(sign | (spud_bits(spud_float_from_bits(bits) + 0.5f) - 0x3f000000));
  }
  uint32_t rounded = bits - 0x38000000 + 0xfff + (bits >> 13 & 1);
  return (uint16_t)(sign | rounded >> 13);
}

SPUD_INLINE uint16_t spud_load16(const uint8_t *bytes) {
  uint16_t value;
  memcpy(&value, bytes, sizeof value);
  return value;
}

SPUD_INLINE uint32_t spud_load32(const uint8_t *bytes) {
  uint32_t value;
  memcpy(&value, bytes, sizeof value);
  return value;
}

SPUD_INLINE float spud_load_float(const uint8_t *bytes) {
  float value;
  memcpy(&value, bytes, sizeof value);
  return value;
}

/// The half-precision number at `bytes`.
SPUD_INLINE float spud_load_half(const uint8_t *bytes) { return spud_float_from_half(spud_load16(bytes)); }
