// Blocks of 256 in which a few bits choose four or eight magnitudes at once from a fixed book.
#include "blocks.h"
#include "codebooks.h"

enum { PARTS = 8 };

static const float magnitudes2[4] = {8, 25, 43, 0};
static const float magnitudes3[8] = {4, 12, 20, 28, 36, 44, 52, 62};

/// Seven signs, and an eighth that makes the number of minus signs even.
static uint8_t eight_signs(uint32_t seven) {
  return (uint8_t)(seven | (uint32_t)(__builtin_popcount(seven) & 1) << 7);
}

static float negated(float value, int is_negative) { return is_negative ? -value : value; }

/// Eight values of the two-bit books.
static void eight(uint16_t entry, float step, uint8_t signs, float *output) {
  for (int i = 0; i < 8; i++) output[i] = negated(step * magnitudes2[entry >> 2 * i & 3], signs >> i & 1);
}

void spud_decode_iq2_xxs(const uint8_t *block, float *output) {
  const float d = spud_load_half(block);
  for (int part = 0; part < PARTS; part++) {
    const uint8_t *indices = block + 2 + part * 8;
    const uint32_t rest = spud_load32(indices + 4);
    const float step = d * (0.5f + (float)(rest >> 28)) * 0.25f;
    for (int i = 0; i < 4; i++) {
      eight(spud_book_iq2_xxs[indices[i]], step, eight_signs(rest >> 7 * i & 127), output + part * 32 + i * 8);
    }
  }
}

void spud_decode_iq2_xs(const uint8_t *block, float *output) {
  const float d = spud_load_half(block);
  for (int i = 0; i < 4 * PARTS; i++) {
    const uint16_t word = spud_load16(block + 2 + 2 * i);
    const int scale = block[66 + i / 4] >> i / 2 % 2 * 4 & 15;
    const float step = d * (0.5f + (float)scale) * 0.25f;
    eight(spud_book_iq2_xs[word & 511], step, eight_signs(word >> 9), output + i * 8);
  }
}

void spud_decode_iq2_s(const uint8_t *block, float *output) {
  const float d = spud_load_half(block);
  const uint8_t *low = block + 2, *signs = block + 34, *high = block + 66, *scales = block + 74;
  for (int i = 0; i < 4 * PARTS; i++) {
    const int index = low[i] | (high[i / 4] >> i % 4 * 2 & 3) << 8;
    const int scale = scales[i / 4] >> i / 2 % 2 * 4 & 15;
    eight(spud_book_iq2_s[index], d * (0.5f + (float)scale) * 0.25f, signs[i], output + i * 8);
  }
}

void spud_decode_iq3_xxs(const uint8_t *block, float *output) {
  const float d = spud_load_half(block);
  for (int part = 0; part < PARTS; part++) {
    const uint8_t *indices = block + 2 + part * 8;
    const uint32_t rest = spud_load32(block + 66 + part * 4);
    const float step = d * (0.5f + (float)(rest >> 28)) * 0.5f;
    for (int i = 0; i < 32; i++) {
      const uint16_t entry = spud_book_iq3_xxs[indices[i / 4]];
      const uint8_t signs = eight_signs(rest >> i / 8 * 7 & 127);
      output[part * 32 + i] = negated(step * magnitudes3[entry >> i % 4 * 3 & 7], signs >> i % 8 & 1);
    }
  }
}

void spud_decode_iq3_s(const uint8_t *block, float *output) {
  const float d = spud_load_half(block);
  const uint8_t *low = block + 2, *high = block + 66, *signs = block + 74, *scales = block + 106;
  for (int i = 0; i < 256; i++) {
    const int group = i / 4, part = i / 32;
    const uint16_t entry = spud_book_iq3_s[low[group] | (high[part] >> group % 8 & 1) << 8];
    const int scale = scales[part / 2] >> part % 2 * 4 & 15;
    // The magnitudes are the odd numbers.
    const float value = d * (float)(1 + 2 * scale) * (float)(2 * (entry >> i % 4 * 3 & 7) + 1);
    output[i] = negated(value, signs[i / 8] >> i % 8 & 1);
  }
}

/// Eight values -1, 0 or 1, all moved by an eighth.
static void eight_ternary(uint16_t entry, float step, int is_lowered, float *output) {
  const float shift = is_lowered ? -0.125f : 0.125f;
  for (int i = 0; i < 8; i++) output[i] = step * ((float)((entry >> 2 * i & 3) - 1) + shift);
}

void spud_decode_iq1_s(const uint8_t *block, float *output) {
  const float d = spud_load_half(block);
  for (int part = 0; part < PARTS; part++) {
    const uint16_t rest = spud_load16(block + 34 + part * 2);
    const float step = d * (float)(2 * (rest >> 12 & 7) + 1);
    for (int i = 0; i < 4; i++) {
      const int index = block[2 + part * 4 + i] | (rest >> 3 * i & 7) << 8;
      eight_ternary(spud_book_iq1[index], step, rest >> 15, output + part * 32 + i * 8);
    }
  }
}

void spud_decode_iq1_m(const uint8_t *block, float *output) {
  const uint8_t *low = block, *high = block + 32;
  uint16_t scales[4], half = 0;
  // The scale of all is spread over the highest four bits of the others.
  for (int i = 0; i < 4; i++) {
    scales[i] = spud_load16(block + 48 + 2 * i);
    half |= (uint16_t)(scales[i] >> 12 << 4 * i);
  }
  const float d = spud_float_from_half(half);
  for (int i = 0; i < 4 * PARTS; i++) {
    const int rest = high[i / 2] >> i % 2 * 4;
    const int scale = scales[i / 8] >> i / 2 % 4 * 3 & 7;
    eight_ternary(spud_book_iq1[low[i] | (rest & 7) << 8], d * (float)(2 * scale + 1), rest >> 3 & 1, output + i * 8);
  }
}
