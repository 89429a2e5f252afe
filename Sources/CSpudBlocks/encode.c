// Floats to blocks. Each block is fitted: scales and minima are sought that make the weighted sum of squared errors
// small, after the rounding that the block itself imposes on them.
#include <math.h>

#include "blocks.h"

enum { TRIALS = 10 };

static int nearest(float value, int low, int high) {
  if (!(value > (float)low)) return low;
  return value < (float)high ? (int)rintf(value) : high;
}

static void store16(uint8_t *bytes, uint16_t value) { memcpy(bytes, &value, sizeof value); }

/// A half-precision number that is no larger than the format can say.
static uint16_t half_of(float value) { return spud_half(fmaxf(-65504, fminf(65504, value))); }

static float largest_magnitude(const float *x, int count) {
  float largest = 0;
  for (int i = 0; i < count; i++) largest = fmaxf(largest, fabsf(x[i]));
  return largest;
}

/// What each error counts: by the importance of its column, and more for larger values, which matter more.
static void weigh(const float *x, const float *importance, int count, float *weights) {
  float square = 0;
  for (int i = 0; i < count; i++) square += x[i] * x[i] / (float)count;
  for (int i = 0; i < count; i++) {
    weights[i] = importance ? importance[i] * sqrtf(square + x[i] * x[i]) : sqrtf(square) + fabsf(x[i]);
  }
}

// ---- A scale ----

/// The scale of `count` values whose integers are low…high, and the error that it leaves.
static float fit_scale(const float *x, const float *weights, int count, int low, int high, float *error) {
  float extreme = 0, best = 0;
  for (int i = 0; i < count; i++) if (fabsf(x[i]) > fabsf(extreme)) extreme = x[i];
  *error = 0;
  for (int i = 0; i < count; i++) *error += weights[i] * x[i] * x[i];
  if (!(fabsf(extreme) > 0x1p-100f)) return 0;
  for (int side = 0; side < 2; side++) {
    for (int trial = -TRIALS; trial <= TRIALS; trial++) {
      const float inverse = ((float)(side ? high : low) + 0.1f * (float)(side ? trial : -trial)) / extreme;
      float products = 0, squares = 0;
      for (int i = 0; i < count; i++) {
        const float quant = (float)nearest(x[i] * inverse, low, high);
        products += weights[i] * quant * x[i];
        squares += weights[i] * quant * quant;
      }
      if (!(squares > 0)) continue;
      const float scale = products / squares;
      float sum = 0;
      for (int i = 0; i < count; i++) {
        const float rest = scale * (float)nearest(x[i] * inverse, low, high) - x[i];
        sum += weights[i] * rest * rest;
      }
      if (sum < *error) *error = sum, best = scale;
    }
  }
  return best;
}

/// The error of values under a scale that is given.
static float error_of_scale(const float *x, const float *weights, int count, int low, int high, float scale) {
  const float inverse = scale != 0 ? 1 / scale : 0;
  float sum = 0;
  for (int i = 0; i < count; i++) {
    const float rest = scale * (float)nearest(x[i] * inverse, low, high) - x[i];
    sum += weights[i] * rest * rest;
  }
  return sum;
}

static void encode_q6_k(const float *x, const float *importance, uint8_t *block) {
  float weights[256], scales[16], error, largest = 0;
  weigh(x, importance, 256, weights);
  for (int part = 0; part < 16; part++) {
    scales[part] = fit_scale(x + part * 16, weights + part * 16, 16, -32, 31, &error);
    if (fabsf(scales[part]) > fabsf(largest)) largest = scales[part];
  }
  const uint16_t half = half_of(largest / -128);
  const float d = spud_float_from_half(half), inverse = d != 0 ? 1 / d : 0;
  memset(block, 0, 210);
  store16(block + 208, half);
  for (int part = 0; part < 16; part++) {
    const int middle = nearest(scales[part] * inverse, -128, 127);
    int chosen = middle;
    float least = INFINITY;
    for (int scale = middle - 1; scale <= middle + 1; scale++) {
      if (scale < -128 || scale > 127) continue;
      const float found = error_of_scale(x + part * 16, weights + part * 16, 16, -32, 31, d * (float)scale);
      if (found < least) least = found, chosen = scale;
    }
    block[192 + part] = (uint8_t)(int8_t)chosen;
    const float step = d * (float)chosen, over = step != 0 ? 1 / step : 0;
    for (int i = part * 16; i < part * 16 + 16; i++) {
      const int quant = nearest(x[i] * over, -32, 31) + 32;
      const int side = i / 128, quarter = i / 32 % 4, column = i % 32;
      block[side * 64 + quarter % 2 * 32 + column] |= (uint8_t)((quant & 15) << (quarter < 2 ? 0 : 4));
      block[128 + side * 32 + column] |= (uint8_t)(quant >> 4 << 2 * quarter);
    }
  }
}

// ---- A scale and a minimum ----

/// Of 32 values x ≈ scale · q - minimum, q in 0…top; the minimum is not below 0 unless it `is_free`.
static void fit_affine(const float *x, const float *weights, int top, int is_free, float *scale, float *minimum) {
  float low = is_free ? x[0] : 0, high = x[0], least = INFINITY;
  for (int i = 0; i < 32; i++) low = fminf(low, x[i]), high = fmaxf(high, x[i]);
  *scale = 0, *minimum = -low;
  if (!(high - low > 0x1p-100f)) return;
  float inverse = 0, base = low;
  for (int trial = -TRIALS; trial <= TRIALS + 2; trial++) {
    // The last turns start from the best so far.
    if (trial <= TRIALS) inverse = ((float)top + 0.1f * (float)trial) / (high - low), base = low;
    else if (*scale > 0) inverse = 1 / *scale, base = -*minimum;
    float total = 0, q = 0, qq = 0, sum = 0, qx = 0;
    for (int i = 0; i < 32; i++) {
      const float quant = (float)nearest((x[i] - base) * inverse, 0, top);
      total += weights[i], q += weights[i] * quant, qq += weights[i] * quant * quant;
      sum += weights[i] * x[i], qx += weights[i] * quant * x[i];
    }
    const float determinant = total * qq - q * q;
    if (!(determinant > 0)) continue;
    float step = (total * qx - q * sum) / determinant, floor = (qq * sum - q * qx) / determinant;
    if (floor > 0 && !is_free) floor = 0, step = qx / qq;
    if (!(step > 0)) continue;
    float error = 0;
    for (int i = 0; i < 32; i++) {
      const float rest = step * (float)nearest((x[i] - base) * inverse, 0, top) + floor - x[i];
      error += weights[i] * rest * rest;
    }
    if (error < least) least = error, *scale = step, *minimum = -floor;
  }
}

static float error_of_affine(const float *x, const float *weights, int top, float step, float base) {
  const float inverse = step > 0 ? 1 / step : 0;
  float sum = 0;
  for (int i = 0; i < 32; i++) {
    const float rest = step * (float)nearest((x[i] + base) * inverse, 0, top) - base - x[i];
    sum += weights[i] * rest * rest;
  }
  return sum;
}

/// Writes eight scales and minima of six bits as `spud_decode_k_scales` reads them.
static void pack_k_scales(const int *scales, const int *minima, uint8_t *packed) {
  for (int i = 0; i < 4; i++) {
    packed[i] = (uint8_t)(scales[i] | scales[i + 4] >> 4 << 6);
    packed[i + 4] = (uint8_t)(minima[i] | minima[i + 4] >> 4 << 6);
    packed[i + 8] = (uint8_t)((scales[i + 4] & 15) | (minima[i + 4] & 15) << 4);
  }
}

/// For each part the six-bit scale and minimum near `wanted` that leave the least error; returns the sum of those.
static float choose_k_scales(const float *x, const float *weights, int top, float d, float dmin, const float *steps,
    const float *bases, int *scales, int *minima) {
  float total = 0;
  for (int part = 0; part < 8; part++) {
    const int scale = nearest(d > 0 ? steps[part] / d : 0, 0, 63);
    const int minimum = nearest(dmin > 0 ? bases[part] / dmin : 0, 0, 63);
    float least = INFINITY;
    for (int s = scale > 0 ? scale - 1 : 0; s <= scale + 1 && s <= 63; s++) {
      for (int m = minimum > 0 ? minimum - 1 : 0; m <= minimum + 1 && m <= 63; m++) {
        const float error = error_of_affine(x + part * 32, weights + part * 32, top, d * (float)s, dmin * (float)m);
        if (error < least) least = error, scales[part] = s, minima[part] = m;
      }
    }
    total += least;
  }
  return total;
}

/// The scale of all scales and that of all minima that fit best, the integers being as they are.
static void refit(const float *x, const float *weights, int top, const int *scales, const int *minima, float *d,
    float *dmin) {
  double aa = 0, ab = 0, bb = 0, ax = 0, bx = 0;
  for (int i = 0; i < 256; i++) {
    const float step = *d * (float)scales[i / 32], base = *dmin * (float)minima[i / 32];
    const int quant = nearest(step > 0 ? (x[i] + base) / step : 0, 0, top);
    const double a = scales[i / 32] * quant, b = -minima[i / 32], w = weights[i];
    aa += w * a * a, ab += w * a * b, bb += w * b * b, ax += w * a * x[i], bx += w * b * x[i];
  }
  const double determinant = aa * bb - ab * ab;
  if (determinant > 0) {
    *d = (float)((bb * ax - ab * bx) / determinant), *dmin = (float)((aa * bx - ab * ax) / determinant);
  } else if (aa > 0) {
    *d = (float)(ax / aa);
  }
}

static void encode_k(const float *x, const float *importance, int top, uint8_t *block) {
  float weights[256], steps[8], bases[8], step = 0, base = 0;
  weigh(x, importance, 256, weights);
  for (int part = 0; part < 8; part++) {
    fit_affine(x + part * 32, weights + part * 32, top, 0, &steps[part], &bases[part]);
    step = fmaxf(step, steps[part]), base = fmaxf(base, bases[part]);
  }
  uint16_t half = half_of(step / 63), halfmin = half_of(base / 63);
  int scales[8], minima[8];
  float least = choose_k_scales(x, weights, top, spud_float_from_half(half), spud_float_from_half(halfmin), steps,
      bases, scales, minima);
  for (int turn = 0; turn < 2; turn++) {
    float d = spud_float_from_half(half), dmin = spud_float_from_half(halfmin);
    int others[8], lows[8];
    refit(x, weights, top, scales, minima, &d, &dmin);
    if (!(d >= 0 && dmin >= 0)) break;
    const uint16_t one = half_of(d), two = half_of(dmin);
    const float error = choose_k_scales(x, weights, top, spud_float_from_half(one), spud_float_from_half(two), steps,
        bases, others, lows);
    if (!(error < least)) break;
    least = error, half = one, halfmin = two;
    memcpy(scales, others, sizeof scales), memcpy(minima, lows, sizeof minima);
  }
  const int bits = top == 15 ? 4 : 5;
  memset(block, 0, bits == 4 ? 144 : 176);
  store16(block, half), store16(block + 2, halfmin);
  pack_k_scales(scales, minima, block + 4);
  uint8_t *high = block + 16, *pairs = bits == 4 ? block + 16 : block + 48;
  for (int i = 0; i < 256; i++) {
    const int part = i / 32;
    const float width = spud_float_from_half(half) * (float)scales[part];
    const float floor = spud_float_from_half(halfmin) * (float)minima[part];
    const int quant = nearest(width > 0 ? (x[i] + floor) / width : 0, 0, top);
    pairs[i / 64 * 32 + i % 32] |= (uint8_t)((quant & 15) << part % 2 * 4);
    if (bits == 5) high[i % 32] |= (uint8_t)(quant >> 4 << part);
  }
}

// ---- Blocks of 32 ----

static void encode_q8_0(const float *x, uint8_t *block) {
  const float scale = largest_magnitude(x, 32) / 127, inverse = scale > 0 ? 1 / scale : 0;
  store16(block, spud_half(scale));
  for (int i = 0; i < 32; i++) {
    // Halves away from zero, as llama.cpp's reference rounds.
    const float value = x[i] * inverse;
    block[2 + i] = (uint8_t)(int8_t)fmaxf(-127, fminf(127, roundf(value)));
  }
}

/// Q4_0 and Q5_0: the value of largest magnitude becomes the end of the range that is whole, or what fits best if some
/// columns are more important than others.
static void encode_symmetric(const float *x, const float *importance, int bits, uint8_t *block) {
  const int middle = 1 << (bits - 1), top = 2 * middle - 1;
  float extreme = 0, weights[32], error;
  for (int i = 0; i < 32; i++) if (fabsf(x[i]) > fabsf(extreme)) extreme = x[i];
  float scale = extreme / (float)-middle;
  if (importance) {
    weigh(x, importance, 32, weights);
    scale = fit_scale(x, weights, 32, -middle, middle - 1, &error);
  }
  const float inverse = scale != 0 ? 1 / scale : 0;
  store16(block, spud_half(scale));
  uint32_t high = 0;
  uint8_t *pairs = block + (bits == 4 ? 2 : 6);
  for (int i = 0; i < 32; i++) {
    const float place = x[i] * inverse + (float)middle + 0.5f;
    const int quant = place > 0 ? (place < (float)top ? (int)place : top) : 0;
    pairs[i % 16] = (uint8_t)(i < 16 ? quant & 15 : pairs[i % 16] | (quant & 15) << 4);
    high |= (uint32_t)(quant >> 4) << i;
  }
  if (bits == 5) memcpy(block + 2, &high, sizeof high);
}

static void encode_q5_1(const float *x, const float *importance, uint8_t *block) {
  float low = x[0], high = x[0];
  for (int i = 1; i < 32; i++) low = fminf(low, x[i]), high = fmaxf(high, x[i]);
  float scale = (high - low) / 31, weights[32];
  if (importance) {
    weigh(x, importance, 32, weights);
    fit_affine(x, weights, 31, 1, &scale, &low);
    low = -low;
  }
  const float inverse = scale > 0 ? 1 / scale : 0;
  store16(block, spud_half(scale)), store16(block + 2, spud_half(low));
  uint32_t bits = 0;
  for (int i = 0; i < 32; i++) {
    const int quant = nearest((x[i] - low) * inverse, 0, 31);
    block[8 + i % 16] = (uint8_t)(i < 16 ? quant & 15 : block[8 + i % 16] | (quant & 15) << 4);
    bits |= (uint32_t)(quant >> 4) << i;
  }
  memcpy(block + 4, &bits, sizeof bits);
}

/// The code of E2M1, without a sign, that is nearest to a magnitude.
static int nearest_e2m1(float magnitude) {
  static const float edges[7] = {0.25f, 0.75f, 1.25f, 1.75f, 2.5f, 3.5f, 5};
  int code = 0;
  while (code < 7 && magnitude > edges[code]) code++;
  return code;
}

static void encode_mxfp4(const float *x, const float *importance, uint8_t *block) {
  static const float values[8] = {0, 0.5f, 1, 1.5f, 2, 3, 4, 6};
  const float largest = largest_magnitude(x, 32);
  memset(block, 0, 17);
  if (!(largest > 0x1p-120f)) return;
  int exponent, chosen = 0;
  float least = INFINITY;
  frexpf(largest, &exponent);
  // The exponent at which the largest value still fits without being cut, and its neighbours.
  for (int power = exponent - 4; power <= exponent - 2; power++) {
    float sum = 0;
    for (int i = 0; i < 32; i++) {
      const float rest = ldexpf(values[nearest_e2m1(ldexpf(fabsf(x[i]), -power))], power) - fabsf(x[i]);
      sum += (importance ? importance[i] : 1) * rest * rest;
    }
    if (sum < least) least = sum, chosen = power;
  }
  block[0] = (uint8_t)nearest((float)(chosen + 127), 0, 254);
  for (int i = 0; i < 32; i++) {
    const int code = nearest_e2m1(ldexpf(fabsf(x[i]), -chosen)) | (x[i] < 0 ? 8 : 0);
    block[1 + i % 16] |= (uint8_t)(code << (i < 16 ? 0 : 4));
  }
}

int32_t spud_encode_row(spud_encoding encoding, const float *values, const float *importance, int64_t columns,
    uint8_t *row) {
  const int64_t length = spud_block_length(encoding);
  const size_t bytes = spud_block_bytes(encoding);
  if (length == 0 || columns % length) return 0;
  for (int64_t start = 0; start < columns; start += length, row += bytes) {
    const float *x = values + start, *w = importance ? importance + start : NULL;
    switch (encoding) {
      case SPUD_FROM_F32: memcpy(row, x, sizeof *x); break;
      case SPUD_FROM_F16: store16(row, spud_half(*x)); break;
      case SPUD_FROM_BF16: store16(row, spud_bf16(*x)); break;
      case SPUD_FROM_Q8_0: encode_q8_0(x, row); break;
      case SPUD_FROM_Q4_0: encode_symmetric(x, w, 4, row); break;
      case SPUD_FROM_Q5_0: encode_symmetric(x, w, 5, row); break;
      case SPUD_FROM_Q5_1: encode_q5_1(x, w, row); break;
      case SPUD_FROM_Q4_K: encode_k(x, w, 15, row); break;
      case SPUD_FROM_Q5_K: encode_k(x, w, 31, row); break;
      case SPUD_FROM_Q6_K: encode_q6_k(x, w, row); break;
      case SPUD_FROM_MXFP4: encode_mxfp4(x, w, row); break;
      default: return 0;
    }
  }
  return 1;
}
