// From a file's bytes to panels, once, while a model loads; and the small per-token work that has no instruction set of
// its own.
#include "block_formats.h"
#include "pack_blocks.h"

size_t spud_unit_bytes(spud_format format) {
  switch (format) {
    case SPUD_F32: case SPUD_BF16: return SPUD_FLOAT_UNIT_BYTES;
    case SPUD_F16: return SPUD_FLOAT_UNIT_BYTES / 2;
    case SPUD_Q8_0: return SPUD_Q8_0_UNIT_BYTES;
    case SPUD_Q4_0: return SPUD_Q4_0_UNIT_BYTES;
    default: return (size_t)spud_shape_bytes(spud_shape_of(format));
  }
}

int64_t spud_unit_columns(spud_format format) {
  switch (format) {
    case SPUD_F32: case SPUD_F16: return 1;
    case SPUD_BF16: return 2;
    case SPUD_Q8_0: case SPUD_Q4_0: return SPUD_BLOCK;
    default: return spud_shape_of(format).blocks * SPUD_BLOCK;
  }
}

size_t spud_input_bytes(const spud_kernels *kernels, spud_format format, int64_t columns) {
  const size_t padded = ((size_t)columns + 31) / 32 * 32;
  size_t bytes;
  switch (format) {
    case SPUD_F32: case SPUD_F16: bytes = padded * 4; break;
    case SPUD_BF16: bytes = padded * (kernels->rounds_to_bf16 ? 2 : 4); break;
    case SPUD_Q8_0: case SPUD_Q4_0: bytes = padded / 32 * sizeof(spud_block); break;
    // An odd number of lines, so that rows do not meet in the same sets of the cache.
    default: return (padded / 32 | 1) * sizeof(spud_summed_block);
  }
  return (bytes + 63) / 64 * 64;
}

size_t spud_read_input_bytes(int64_t columns) { return 64 * (((size_t)columns + 31) / 32 | 1); }

// ---- Packing ----

// The kernels add exponents to a scale, which zero does not allow: a block whose scale is zero gets the smallest scale
// there is, and quants of zero.

static int spud_is_zero(uint16_t half) { return (half & 0x7fff) == 0; }
static uint16_t spud_nonzero(uint16_t half) { return spud_is_zero(half) ? 1 : half; }

/// One block of 32 floats as 8-bit quants: scale = largest magnitude / 127, as a half; quants against the rounded
/// scale.
static void pack_q8_block(uint8_t *unit, int64_t row, const float *values) {
  float largest = 0;
  for (int i = 0; i < 32; i++) largest = fmaxf(largest, fabsf(values[i]));
  const uint16_t half = spud_nonzero(spud_half(largest / 127));
  const float scale = spud_float_from_half(half), inverse = scale > 0 ? 1 / scale : 0;
  memcpy(unit + 2 * row, &half, sizeof half);
  for (int i = 0; i < 32; i++) {
    const float quant = fminf(fmaxf(rintf(values[i] * inverse), -127), 127);
    unit[SPUD_SCALES_BYTES + i / 4 * 128 + row * 4 + i % 4] = (uint8_t)((int)quant + 128);
  }
}

/// One block of 32 floats as 4-bit quants -8…7, as ggml's Q4_0: the value of largest magnitude becomes -8.
static void pack_q4_block(uint8_t *unit, int64_t row, const float *values) {
  float extreme = 0;
  for (int i = 0; i < 32; i++)
    if (fabsf(values[i]) > fabsf(extreme)) extreme = values[i];
  const float exact = extreme / -8, inverse = spud_is_zero(spud_half(exact)) ? 0 : 1 / exact;
  const uint16_t half = spud_nonzero(spud_half(exact));
  memcpy(unit + 2 * row, &half, sizeof half);
  for (int i = 0; i < 16; i++) {
    const int low = (int)fminf(15, floorf(values[i] * inverse + 8.5f)), high = (int)fminf(15,
        floorf(values[i + 16] * inverse + 8.5f));
    unit[SPUD_SCALES_BYTES + i / 4 * 128 + row * 4 + i % 4] = (uint8_t)(low | high << 4);
  }
}

void spud_pack_float_row(spud_format format, uint8_t *panel, int64_t row, const float *source, int64_t columns) {
  switch (format) {
    case SPUD_F32:
      for (int64_t k = 0; k < columns; k++) ((float *)panel)[k * SPUD_PANEL_ROWS + row] = source[k];
      break;
    case SPUD_BF16:
      for (int64_t k = 0; k < columns;
          k++) ((uint16_t *)panel)[(k / 2 * SPUD_PANEL_ROWS + row) * 2 + k % 2] = spud_bf16(source[k]);
      break;
    case SPUD_F16:
      // The largest half stands for what is larger; what is no number stays none.
      for (int64_t k = 0; k < columns; k++) {
        const float value = source[k];
        ((uint16_t *)panel)[k * SPUD_PANEL_ROWS + row] =
            spud_half(value > 65504 ? 65504 : value < -65504 ? -65504 : value);
      }
      break;
    case SPUD_Q8_0: case SPUD_Q4_0:
      for (int64_t block = 0; block * SPUD_BLOCK < columns; block++) {
        float values[SPUD_BLOCK] = {0};
        memcpy(values, source + block * SPUD_BLOCK, (size_t)spud_min(SPUD_BLOCK, columns - block * SPUD_BLOCK) * 4);
        uint8_t *unit = panel + block * spud_unit_bytes(format);
        if (format == SPUD_Q8_0) pack_q8_block(unit, row, values);
        else pack_q4_block(unit, row, values);
      }
      break;
    default: break;
  }
}

// Blocks go in the outer loop and rows in the inner one, so that a unit of the panel is written while it is in the
// first-level cache.

/// Stores word j of each row at `to` + 128 j.
static inline void store_transposed(uint8_t *to, const words rows[4]) {
  words turned[4];
  transpose(rows, turned);
  for (int j = 0; j < 4; j++) memcpy(to + 128 * j, &turned[j], 16);
}

/// Blocks of a scale and 4 `groups` bytes, whose bytes become those XORed with `flipped`; of one whose scale is too
/// small to count, `zeros`.
static inline void copy_blocks(uint8_t *panel, int64_t row, const uint8_t *source, size_t row_bytes, int64_t rows,
    int64_t blocks, int groups, uint32_t flipped, uint32_t zeros) {
  const int64_t whole = row + rows / 4 * 4;
  for (int64_t block = 0; block < blocks;
      block++, panel += SPUD_SCALES_BYTES + groups * 128, source += 2 + 4 * groups) {
    const uint8_t *from = source;
    for (int64_t i = row; i < row + rows; i++, from += row_bytes) {
      const uint16_t half = spud_load16(from), used = spud_nonzero(half);
      memcpy(panel + 2 * i, &used, 2);
      if (i < whole) continue;
      for (int group = 0; group < groups; group++) {
        uint32_t four;
        memcpy(&four, from + 2 + 4 * group, 4);
        four = half == used ? four ^ flipped : zeros;
        memcpy(panel + SPUD_SCALES_BYTES + group * 128 + i * 4, &four, 4);
      }
    }
    from = source;
    for (int64_t i = row; i < whole; i += 4, from += 4 * row_bytes) {
      words kept[4];
      for (int j = 0; j < 4; j++) {
        const uint16_t half = spud_load16(from + j * row_bytes);
        const uint32_t mask = half == spud_nonzero(half) ? ~0u : 0;
        kept[j] = (words){mask, mask, mask, mask};
      }
      for (int group = 0; group < groups; group += 4) {
        words four[4];
        for (int j = 0; j < 4; j++) {
          const words found = load_words(from + j * row_bytes + 2 + 4 * group) ^ flipped;
          four[j] = (found & kept[j]) | (zeros & ~kept[j]);
        }
        store_transposed(panel + SPUD_SCALES_BYTES + group * 128 + i * 4, four);
      }
    }
  }
}

static void copy_q8_blocks(uint8_t *panel, int64_t row, const uint8_t *source, size_t row_bytes, int64_t rows,
    int64_t blocks) {
  copy_blocks(panel, row, source, row_bytes, rows, blocks, 8, 0x80808080u, 0x80808080u);
}

static void copy_q4_blocks(uint8_t *panel, int64_t row, const uint8_t *source, size_t row_bytes, int64_t rows,
    int64_t blocks) {
  copy_blocks(panel, row, source, row_bytes, rows, blocks, 4, 0, 0x88888888u);
}

static void copy_bf16_pairs(uint8_t *panel, int64_t row, const uint8_t *source, size_t row_bytes, int64_t rows,
    int64_t columns) {
  for (int64_t start = 0; start < columns; start += 32) {
    const int64_t end = spud_min(start + 32, columns);
    int64_t i = 0;
    for (; end == start + 32 && i + 4 <= rows; i += 4) {
      for (int64_t k = start; k < end; k += 8) {
        words four[4];
        for (int j = 0; j < 4; j++) four[j] = load_words(source + (i + j) * row_bytes + 2 * k);
        store_transposed(panel + (row + i) * 4 + k / 2 * 128, four);
      }
    }
    for (; i < rows; i++) {
      const uint8_t *from = source + i * row_bytes;
      uint8_t *to = panel + (row + i) * 4;
      int64_t k = start;
      for (; k + 2 <= end; k += 2) memcpy(to + k / 2 * 128, from + 2 * k, 4);
      if (k < end) memcpy(to + k / 2 * 128, from + 2 * k, 2);
    }
  }
}

static void copy_halves(uint8_t *panel, int64_t row, const uint8_t *source, size_t row_bytes, int64_t rows,
    int64_t columns) {
  uint16_t *to = (uint16_t *)panel + row;
  for (int64_t start = 0; start < columns; start += 64) {
    const int64_t end = spud_min(start + 64, columns);
    for (int64_t i = 0; i < rows; i++) {
      for (int64_t k = start; k < end; k++) memcpy(to + k * SPUD_PANEL_ROWS + i, source + i * row_bytes + 2 * k, 2);
    }
  }
}

/// One row of blocks, at least 32 long, as 8-bit blocks. What is a half-precision scale times integers stays exactly
/// that.
static void pack_row_as_q8(uint8_t *panel, int64_t row, spud_encoding encoding, const uint8_t *source,
    int64_t columns) {
  const int64_t length = spud_block_length(encoding);
  for (int64_t start = 0; start < columns; start += length, source += spud_block_bytes(encoding)) {
    int8_t quants[256];
    float scale, values[256];
    uint16_t half = 0;
    if (spud_decode_quants(encoding, source, &scale, quants)) half = spud_half(scale);
    const int is_exact = !spud_is_zero(half) && spud_float_from_half(half) == scale;
    if (!is_exact) spud_decode_row(encoding, source, length, values);
    for (int64_t part = 0; part < length; part += SPUD_BLOCK, panel += SPUD_Q8_0_UNIT_BYTES) {
      if (!is_exact) {
        pack_q8_block(panel, row, values + part);
        continue;
      }
      memcpy(panel + 2 * row, &half, sizeof half);
      for (int i = 0; i < SPUD_BLOCK; i++) {
        panel[SPUD_SCALES_BYTES + i / 4 * 128 + row * 4 + i % 4] = (uint8_t)quants[part + i] ^ 0x80;
      }
    }
  }
}

void spud_pack_rows(spud_format format, uint8_t *panel, int64_t first_row, spud_encoding encoding,
    const uint8_t *source,
                    int64_t rows, int64_t columns, float *workspace) {
  const size_t row_bytes = spud_row_bytes(encoding, columns);
  if (format >= SPUD_Q4_K) {
    spud_pack_block_rows(format, panel, first_row, source, row_bytes, rows, columns);
  } else if (format == SPUD_Q8_0 && encoding == SPUD_FROM_Q8_0) {
    copy_q8_blocks(panel, first_row, source, row_bytes, rows, columns / 32);
  } else if (format == SPUD_Q4_0 && encoding == SPUD_FROM_Q4_0) {
    copy_q4_blocks(panel, first_row, source, row_bytes, rows, columns / 32);
  } else if (format == SPUD_BF16 && encoding == SPUD_FROM_BF16) {
    copy_bf16_pairs(panel, first_row, source, row_bytes, rows, columns);
  } else if (format == SPUD_F16 && encoding == SPUD_FROM_F16) {
    copy_halves(panel, first_row, source, row_bytes, rows, columns);
  } else if (format == SPUD_Q8_0 && spud_block_length(encoding) > 1) {
    for (int64_t i = 0; i < rows; i++) {
      pack_row_as_q8(panel, first_row + i, encoding, source + i * row_bytes, columns);
    }
  } else {
    for (int64_t i = 0; i < rows; i++) {
      spud_decode_row(encoding, source + i * row_bytes, columns, workspace);
      spud_pack_float_row(format, panel, first_row + i, workspace, columns);
    }
  }
}

void spud_unpack_row(spud_format format, const uint8_t *panel, int64_t row, int64_t columns, float *output) {
  switch (format) {
    case SPUD_F32:
      for (int64_t k = 0; k < columns; k++) output[k] = ((const float *)panel)[k * SPUD_PANEL_ROWS + row];
      break;
    case SPUD_BF16:
      for (int64_t k = 0; k < columns; k++)
        output[k] = spud_float_from_bf16(((const uint16_t *)panel)[(k / 2 * SPUD_PANEL_ROWS + row) * 2 + k % 2]);
      break;
    case SPUD_F16:
      for (int64_t k = 0; k < columns; k++)
        output[k] = spud_float_from_half(((const uint16_t *)panel)[k * SPUD_PANEL_ROWS + row]);
      break;
    case SPUD_Q8_0: case SPUD_Q4_0:
      for (int64_t start = 0; start < columns; start += SPUD_BLOCK, panel += spud_unit_bytes(format)) {
        const float scale = spud_float_from_half(spud_load16(panel + 2 * row));
        const int64_t width = spud_min(SPUD_BLOCK, columns - start);
        for (int64_t i = 0; i < width; i++) {
          if (format == SPUD_Q8_0) {
            output[start + i] = scale * (float)(panel[SPUD_SCALES_BYTES + i / 4 * 128 + row * 4 + i % 4] - 128);
          } else {
            const uint8_t pair = panel[SPUD_SCALES_BYTES + i % 16 / 4 * 128 + row * 4 + i % 4];
            output[start + i] = scale * (float)((i < 16 ? pair & 15 : pair >> 4) - 8);
          }
        }
      }
      break;
    default: spud_unpack_block_row(format, panel, row, columns, output); break;
  }
}

// ---- Bounds of keys ----

/// The bfloat16 next to a float, away from zero: towards what is greater where it is positive.
static uint16_t bf16_outwards(float value) {
  uint32_t bits;
  memcpy(&bits, &value, 4);
  return (uint16_t)((bits >> 16) + ((bits & 0xffff) != 0));
}

/// The same towards zero.
static uint16_t bf16_inwards(float value) {
  uint32_t bits;
  memcpy(&bits, &value, 4);
  return (uint16_t)(bits >> 16);
}

void spud_store_bounds(spud_format format, const uint8_t *const *panels, int64_t panel_count, int64_t head_width,
    int64_t row_columns, uint16_t *row) {
  float key[SPUD_MAX_HEAD_WIDTH], low[SPUD_MAX_HEAD_WIDTH], high[SPUD_MAX_HEAD_WIDTH];
  for (int64_t k = 0; k < head_width; k++) low[k] = INFINITY, high[k] = -INFINITY;
  for (int64_t panel = 0; panel < panel_count; panel++) {
    for (int64_t position = 0; position < SPUD_PANEL_ROWS; position++) {
      spud_unpack_row(format, panels[panel], position, head_width, key);
      for (int64_t k = 0; k < head_width; k++) {
        low[k] = key[k] < low[k] ? key[k] : low[k];
        high[k] = key[k] > high[k] ? key[k] : high[k];
      }
    }
  }
  for (int64_t k = 0; k < head_width; k++) {
    row[k] = low[k] < 0 ? bf16_outwards(low[k]) : bf16_inwards(low[k]);
    row[head_width + k] = high[k] < 0 ? bf16_inwards(high[k]) : bf16_outwards(high[k]);
  }
  memset(row + 2 * head_width, 0, (size_t)(row_columns - 2 * head_width) * sizeof *row);
}

// ---- The value cache ----

size_t spud_value_bytes(spud_format format, int64_t columns) {
  const size_t padded = ((size_t)columns + 31) / 32 * 32;
  switch (format) {
    case SPUD_F32: return padded * 4;
    case SPUD_BF16: return padded * 2;
    default: return padded + padded / 32 * 4;
  }
}

void spud_store_values(spud_format format, uint8_t *row, const float *source, int64_t columns) {
  switch (format) {
    case SPUD_F32: memcpy(row, source, (size_t)columns * 4); break;
    case SPUD_BF16:
      for (int64_t i = 0; i < columns; i++) ((uint16_t *)row)[i] = spud_bf16(source[i]);
      break;
    default: {
      const int64_t padded = (columns + 31) / 32 * 32;
      for (int64_t block = 0; block * 32 < columns; block++) {
        const int64_t width = spud_min(32, columns - block * 32);
        float largest = 0;
        for (int64_t i = 0; i < width; i++) largest = fmaxf(largest, fabsf(source[block * 32 + i]));
        const float scale = largest / 127, inverse = largest > 0 ? 127 / largest : 0;
        for (int64_t i = 0; i < width;
            i++) ((int8_t *)row)[block * 32 + i] = (int8_t)rintf(source[block * 32 + i] * inverse);
        memcpy(row + padded + block * 4, &scale, 4);
      }
    }
  }
}

// ---- Small things ----

void spud_best(const float *probabilities, int64_t total, int64_t count, int32_t *indices, float *weights) {
  int64_t filled = 0;
  for (int64_t i = 0; i < total; i++) {
    int64_t rank = filled;
    while (rank > 0 && probabilities[i] > weights[rank - 1]) rank--;
    if (rank >= count) continue;
    if (filled < count) filled++;
    for (int64_t j = filled - 1; j > rank; j--) indices[j] = indices[j - 1], weights[j] = weights[j - 1];
    indices[rank] = (int32_t)i, weights[rank] = probabilities[i];
  }
}

void spud_rotate(float *head, const float *cosines, const float *sines, int64_t pairs, int32_t adjacent) {
  if (adjacent) {
    for (int64_t i = 0; i < pairs; i++) {
      const float a = head[2 * i], b = head[2 * i + 1];
      head[2 * i] = a * cosines[i] - b * sines[i];
      head[2 * i + 1] = b * cosines[i] + a * sines[i];
    }
  } else {
    for (int64_t i = 0; i < pairs; i++) {
      const float a = head[i], b = head[i + pairs];
      head[i] = a * cosines[i] - b * sines[i];
      head[i + pairs] = b * cosines[i] + a * sines[i];
    }
  }
}
