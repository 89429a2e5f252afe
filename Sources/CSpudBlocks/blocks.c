// Sizes of all types; plain numbers; and the blocks that are a scale, or a scale and a minimum, and integers.
#include "blocks.h"

typedef struct { int16_t length, bytes; } shape;

static shape shape_of(spud_encoding encoding) {
  switch (encoding) {
    case SPUD_FROM_F64: return (shape){1, 8};
    case SPUD_FROM_F32: return (shape){1, 4};
    case SPUD_FROM_F16: case SPUD_FROM_BF16: return (shape){1, 2};
    // In the order of the bytes: scales, minima, high bits, low bits.
    case SPUD_FROM_Q4_0: case SPUD_FROM_IQ4_NL: return (shape){32, 2 + 16};
    case SPUD_FROM_Q4_1: return (shape){32, 2 + 2 + 16};
    case SPUD_FROM_Q5_0: return (shape){32, 2 + 4 + 16};
    case SPUD_FROM_Q5_1: return (shape){32, 2 + 2 + 4 + 16};
    case SPUD_FROM_Q8_0: return (shape){32, 2 + 32};
    case SPUD_FROM_Q8_1: return (shape){32, 2 + 2 + 32};
    case SPUD_FROM_MXFP4: return (shape){32, 1 + 16};
    case SPUD_FROM_NVFP4: return (shape){64, 4 + 32};
    case SPUD_FROM_Q1_0: return (shape){128, 2 + 16};
    case SPUD_FROM_Q2_0: return (shape){64, 2 + 16};
    case SPUD_FROM_Q2_K: return (shape){256, 16 + 64 + 2 + 2};
    case SPUD_FROM_Q3_K: return (shape){256, 32 + 64 + 12 + 2};
    case SPUD_FROM_Q4_K: return (shape){256, 2 + 2 + 12 + 128};
    case SPUD_FROM_Q5_K: return (shape){256, 2 + 2 + 12 + 32 + 128};
    case SPUD_FROM_Q6_K: return (shape){256, 128 + 64 + 16 + 2};
    case SPUD_FROM_Q8_K: return (shape){256, 4 + 256 + 32};
    case SPUD_FROM_IQ1_S: return (shape){256, 2 + 32 + 16};
    case SPUD_FROM_IQ1_M: return (shape){256, 32 + 16 + 8};
    case SPUD_FROM_IQ2_XXS: return (shape){256, 2 + 64};
    case SPUD_FROM_IQ2_XS: return (shape){256, 2 + 64 + 8};
    case SPUD_FROM_IQ2_S: return (shape){256, 2 + 32 + 32 + 8 + 8};
    case SPUD_FROM_IQ3_XXS: return (shape){256, 2 + 64 + 32};
    case SPUD_FROM_IQ3_S: return (shape){256, 2 + 64 + 8 + 32 + 4};
    case SPUD_FROM_IQ4_XS: return (shape){256, 2 + 2 + 4 + 128};
    case SPUD_FROM_TQ1_0: return (shape){256, 48 + 4 + 2};
    case SPUD_FROM_TQ2_0: return (shape){256, 64 + 2};
  }
  return (shape){0, 0};
}

int64_t spud_block_length(spud_encoding encoding) { return shape_of(encoding).length; }
size_t spud_block_bytes(spud_encoding encoding) { return (size_t)shape_of(encoding).bytes; }

size_t spud_row_bytes(spud_encoding encoding, int64_t columns) {
  const shape shape = shape_of(encoding);
  if (columns <= 0 || shape.length == 0 || columns % shape.length) return 0;
  return (size_t)(columns / shape.length) * (size_t)shape.bytes;
}

// ---- Tables of values ----

const int8_t spud_iq4_values[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};
/// E2M1, doubled to be whole.
static const int8_t fp4_values[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

// ---- A scale and integers ----

/// Nibble `i` of 16 bytes: the low ones are 0 to 15, the high ones 16 to 31.
static int nibble(const uint8_t *bytes, int i) { return i < 16 ? bytes[i] & 15 : bytes[i - 16] >> 4; }

/// 2^(exponent - 128), half of what the byte says in E8M0, since the values are doubled.
static float half_of_e8m0(uint8_t exponent) {
  return spud_float_from_bits(exponent < 2 ? 0x00200000u << exponent : (uint32_t)(exponent - 1) << 23);
}

/// Five digits of base three in a byte, as a fraction of 256: the digit behind `power` = 3^n.
static int8_t ternary(uint8_t byte, int power) { return (int8_t)(((uint8_t)(byte * power) * 3 >> 8) - 1); }

static void quants_tq1_0(const uint8_t *block, int8_t *quants) {
  static const uint8_t powers[5] = {1, 3, 9, 27, 81};
  for (int digit = 0; digit < 5; digit++) {
    for (int i = 0; i < 32; i++) quants[32 * digit + i] = ternary(block[i], powers[digit]);
    for (int i = 0; i < 16; i++) quants[160 + 16 * digit + i] = ternary(block[32 + i], powers[digit]);
    for (int i = 0; i < 4 && digit < 4; i++) quants[240 + 4 * digit + i] = ternary(block[48 + i], powers[digit]);
  }
}

int32_t spud_decode_quants(spud_encoding encoding, const uint8_t *block, float *scale, int8_t *quants) {
  switch (encoding) {
    case SPUD_FROM_Q4_0:
      *scale = spud_load_half(block);
      for (int i = 0; i < 32; i++) quants[i] = (int8_t)(nibble(block + 2, i) - 8);
      return 1;
    case SPUD_FROM_Q5_0: {
      const uint32_t high = spud_load32(block + 2);
      *scale = spud_load_half(block);
      for (int i = 0; i < 32; i++) quants[i] = (int8_t)((nibble(block + 6, i) | (high >> i & 1) << 4) - 16);
      return 1;
    }
    case SPUD_FROM_Q8_0: case SPUD_FROM_Q8_1:
      *scale = spud_load_half(block);
      memcpy(quants, block + (encoding == SPUD_FROM_Q8_0 ? 2 : 4), 32);
      return 1;
    case SPUD_FROM_IQ4_NL:
      *scale = spud_load_half(block);
      for (int i = 0; i < 32; i++) quants[i] = spud_iq4_values[nibble(block + 2, i)];
      return 1;
    case SPUD_FROM_MXFP4:
      *scale = half_of_e8m0(block[0]);
      for (int i = 0; i < 32; i++) quants[i] = fp4_values[nibble(block + 1, i)];
      return 1;
    case SPUD_FROM_Q1_0:
      *scale = spud_load_half(block);
      for (int i = 0; i < 128; i++) quants[i] = block[2 + i / 8] >> i % 8 & 1 ? 1 : -1;
      return 1;
    case SPUD_FROM_Q2_0:
      *scale = spud_load_half(block);
      for (int i = 0; i < 64; i++) quants[i] = (int8_t)((block[2 + i / 4] >> i % 4 * 2 & 3) - 1);
      return 1;
    case SPUD_FROM_TQ1_0:
      *scale = spud_load_half(block + 52);
      quants_tq1_0(block, quants);
      return 1;
    case SPUD_FROM_TQ2_0:
      *scale = spud_load_half(block + 64);
      for (int i = 0; i < 256; i++) quants[i] = (int8_t)((block[i / 128 * 32 + i % 32] >> i / 32 % 4 * 2 & 3) - 1);
      return 1;
    default: return 0;
  }
}

// ---- A minimum too, or several scales ----

static void decode_q4_1(const uint8_t *block, float *output) {
  const float d = spud_load_half(block), m = spud_load_half(block + 2);
  for (int i = 0; i < 32; i++) output[i] = d * (float)nibble(block + 4, i) + m;
}

static void decode_q5_1(const uint8_t *block, float *output) {
  const float d = spud_load_half(block), m = spud_load_half(block + 2);
  const uint32_t high = spud_load32(block + 4);
  for (int i = 0; i < 32; i++) output[i] = d * (float)(nibble(block + 8, i) | (int)(high >> i & 1) << 4) + m;
}

/// E4M3 without a sign, halved since the values are doubled; NaN counts as nothing.
static float half_of_ue4m3(uint8_t byte) {
  const int exponent = byte >> 3 & 15, mantissa = byte & 7;
  if (byte == 0x7f) return 0;
  if (exponent == 0) return (float)mantissa * 0x1p-10f;
  return spud_float_from_bits((uint32_t)(exponent - 8 + 127) << 23 | (uint32_t)mantissa << 20);
}

static void decode_nvfp4(const uint8_t *block, float *output) {
  for (int part = 0; part < 4; part++) {
    const float d = half_of_ue4m3(block[part]);
    for (int i = 0; i < 8; i++) {
      const uint8_t pair = block[4 + part * 8 + i];
      output[part * 16 + i] = d * (float)fp4_values[pair & 15];
      output[part * 16 + 8 + i] = d * (float)fp4_values[pair >> 4];
    }
  }
}

// ---- Rows ----

static void decode_numbers(spud_encoding encoding, const uint8_t *row, int64_t count, float *output) {
  switch (encoding) {
    case SPUD_FROM_F16:
      for (int64_t i = 0; i < count; i++) output[i] = spud_load_half(row + 2 * i);
      break;
    case SPUD_FROM_BF16:
      for (int64_t i = 0; i < count; i++) output[i] = spud_float_from_bf16(spud_load16(row + 2 * i));
      break;
    case SPUD_FROM_F64:
      for (int64_t i = 0; i < count; i++) {
        double value;
        memcpy(&value, row + 8 * i, sizeof value);
        output[i] = (float)value;
      }
      break;
    default: memcpy(output, row, (size_t)count * 4);
  }
}

static void decode_block(spud_encoding encoding, const uint8_t *block, int64_t length, float *output) {
  int8_t quants[256];
  float scale;
  if (spud_decode_quants(encoding, block, &scale, quants)) {
    for (int64_t i = 0; i < length; i++) output[i] = scale * (float)quants[i];
    return;
  }
  switch (encoding) {
    case SPUD_FROM_Q4_1: decode_q4_1(block, output); break;
    case SPUD_FROM_Q5_1: decode_q5_1(block, output); break;
    case SPUD_FROM_NVFP4: decode_nvfp4(block, output); break;
    case SPUD_FROM_Q2_K: spud_decode_q2_k(block, output); break;
    case SPUD_FROM_Q3_K: spud_decode_q3_k(block, output); break;
    case SPUD_FROM_Q4_K: spud_decode_q4_k(block, output); break;
    case SPUD_FROM_Q5_K: spud_decode_q5_k(block, output); break;
    case SPUD_FROM_Q6_K: spud_decode_q6_k(block, output); break;
    case SPUD_FROM_Q8_K: spud_decode_q8_k(block, output); break;
    case SPUD_FROM_IQ1_S: spud_decode_iq1_s(block, output); break;
    case SPUD_FROM_IQ1_M: spud_decode_iq1_m(block, output); break;
    case SPUD_FROM_IQ2_XXS: spud_decode_iq2_xxs(block, output); break;
    case SPUD_FROM_IQ2_XS: spud_decode_iq2_xs(block, output); break;
    case SPUD_FROM_IQ2_S: spud_decode_iq2_s(block, output); break;
    case SPUD_FROM_IQ3_XXS: spud_decode_iq3_xxs(block, output); break;
    case SPUD_FROM_IQ3_S: spud_decode_iq3_s(block, output); break;
    case SPUD_FROM_IQ4_XS: spud_decode_iq4_xs(block, output); break;
    default: break;
  }
}

void spud_decode_row(spud_encoding encoding, const uint8_t *row, int64_t columns, float *output) {
  const shape shape = shape_of(encoding);
  if (shape.length == 1) {
    decode_numbers(encoding, row, columns, output);
    return;
  }
  if (shape.length == 0) return;
  for (int64_t start = 0; start + shape.length <= columns; start += shape.length, row += shape.bytes) {
    decode_block(encoding, row, shape.length, output + start);
  }
}
