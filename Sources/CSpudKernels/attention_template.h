// Attention of one tile of queries, for one instruction set: included once by kernels_template.h.

/// 32 values of one position, as floats.
SPUD_INLINE void load_values(const uint8_t *row, int64_t column, int64_t width, spud_format format, f32x16 *low,
    f32x16 *high) {
  if (format == SPUD_F32) {
    *low = load16((const float *)row + column), *high = load16((const float *)row + column + 16);
  } else if (format == SPUD_BF16) {
    typedef uint16_t u16x16 __attribute__((vector_size(32), aligned(2)));
    const u16x16 *from = (const u16x16 *)(row + 2 * column);
    *low = (f32x16)(__builtin_convertvector(from[0], i32x16) << 16);
    *high = (f32x16)(__builtin_convertvector(from[1], i32x16) << 16);
  } else {
    typedef int8_t i8x16 __attribute__((vector_size(16), aligned(1)));
    const i8x16 *from = (const i8x16 *)(row + column);
    const float scale = spud_load_float(row + (width + 31) / 32 * 32 + column / 32 * 4);
    *low = __builtin_convertvector(__builtin_convertvector(from[0], i32x16), f32x16) * scale;
    *high = __builtin_convertvector(__builtin_convertvector(from[1], i32x16), f32x16) * scale;
  }
}

/// output[r, column ..< column + 32 · blocks] = Σ probabilities[r, position] · values[position, column…] / sums[r].
SPUD_INLINE void combine(
    const spud_attention *a, int64_t column, int64_t positions, const float *sums, spud_format format, const int m,
        const int blocks
) {
  f32x16 acc[SPUD_ATTENTION_ROWS * 2];  // m * blocks is at most 6
  SPUD_EACH(i, m * blocks * 2) acc[i] = (f32x16){0};
  const uint8_t *row = a->values;
  for (int64_t position = 0; position < positions; position++, row += a->value_stride) {
    // One query reads values as fast as memory gives them, and memory gives more when it is asked early.
    if (m == 1) {
      for (int line = 0; line < blocks * 2; line += 1) __builtin_prefetch(row + 16 * a->value_stride + 64 * line, 0, 3);
    }
    SPUD_EACH(b, blocks) {
      f32x16 low, high;
      load_values(row, column + 32 * b, a->head_width, format, &low, &high);
      SPUD_EACH(r, m) {
        const float probability = a->scores[r * a->score_stride + position];
        acc[(r * blocks + b) * 2] += probability * low;
        acc[(r * blocks + b) * 2 + 1] += probability * high;
      }
    }
  }
  SPUD_EACH(r, m) SPUD_EACH(b, blocks) {
    const int64_t start = column + 32 * b, width = spud_min(32, a->head_width - start);
    const f32x16 low = acc[(r * blocks + b) * 2] * (1.0f / sums[r]),
        high = acc[(r * blocks + b) * 2 + 1] * (1.0f / sums[r]);
    float *output = a->outputs[r] + start;
    if (width == 32) {
      store16(output, low), store16(output + 16, high);
    } else {
      for (int64_t i = 0; i < width; i++) output[i] = i < 16 ? low[i] : high[i - 16];
    }
  }
}

SPUD_INLINE void combine_format(
    const spud_attention *a, int64_t column, int64_t positions, const float *sums, const int m, const int blocks
) {
  switch (a->format) {
    case SPUD_F32: combine(a, column, positions, sums, SPUD_F32, m, blocks); break;
    case SPUD_BF16: combine(a, column, positions, sums, SPUD_BF16, m, blocks); break;
    default: combine(a, column, positions, sums, SPUD_Q8_0, m, blocks); break;
  }
}

/// All columns, as many at a time as the registers hold sums for: a lone query passes over a head's values once.
SPUD_INLINE void combine_rows(const spud_attention *a, int64_t positions, const float *sums, const int m) {
  const int wide = m == 1 ? 4 : m <= 3 ? 2 : 1;
  const int64_t blocks = (a->head_width + 31) / 32;
  int64_t block = 0;
  for (; block + wide <= blocks; block += wide) combine_format(a, block * 32, positions, sums, m, wide);
  for (; block < blocks; block++) combine_format(a, block * 32, positions, sums, m, 1);
}

static void attention(const spud_attention *a) {
  const tile_function tile = tile_of(a->format);
  const uint8_t *inputs[SPUD_ATTENTION_ROWS];
  int64_t longest = 0;
  for (int64_t r = 0; r < a->rows; r++) {
    uint8_t *room = a->prepared + r * a->prepared_stride;
    const float *query = a->queries[r];
    float padded[SPUD_MAX_HEAD_WIDTH];
    if (a->head_width % 32 != 0) {
      // The next head must not leak into this one's scale.
      memset(padded, 0, sizeof padded);
      memcpy(padded, query, a->head_width * sizeof *query);
      query = padded;
    }
    prepare(a->format, query, a->head_width, room);
    inputs[r] = room;
    if (a->lengths[r] > longest) longest = a->lengths[r];
  }
  for (int64_t panel = 0; panel * SPUD_PANEL_ROWS < longest; panel++) {
    const uint8_t *keys = a->keys + panel * a->key_panel_bytes;
    for (int64_t r = 0; r < a->rows; r += TILE_ROWS) {
      const int m = (int)spud_min(TILE_ROWS, a->rows - r);
      tile(keys, a->key_units, inputs + r, m, a->scores + r * a->score_stride + panel * SPUD_PANEL_ROWS,
          a->score_stride, 1);
    }
  }
  float sums[SPUD_ATTENTION_ROWS];
  for (int64_t r = 0; r < a->rows; r++) {
    float *scores = a->scores + r * a->score_stride;
    sums[r] = exponentials(scores, a->lengths[r], a->scale);
    for (int64_t i = a->lengths[r]; i < longest; i++) scores[i] = 0;
  }
  switch (a->rows) {
    case 1: combine_rows(a, longest, sums, 1); break;
    case 2: combine_rows(a, longest, sums, 2); break;
    case 3: combine_rows(a, longest, sums, 3); break;
    case 4: combine_rows(a, longest, sums, 4); break;
    case 5: combine_rows(a, longest, sums, 5); break;
    default: combine_rows(a, longest, sums, 6); break;
  }
}
