// Compares the kernels for NEON with the portable ones, on random weights and inputs: products in every format at the
// numbers of rows where they change their path, and attention in every cache format. `run` builds and runs it.
#include <stdio.h>
#include <stdlib.h>

#include "block_formats.h"

static uint64_t state = 1;
static uint32_t next_random(void) {  // SplitMix64, upper half
  uint64_t z = state += 0x9e3779b97f4a7c15;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
  z = (z ^ z >> 27) * 0x94d049bb133111eb;
  return (uint32_t)((z ^ z >> 31) >> 32);
}
static float random_float(void) {
  float sum = 0;
  for (int i = 0; i < 4; i++) sum += (float)next_random() / 4294967296.0f - 0.5f;
  return 1.732f * sum;
}

static void *allocate(size_t bytes) {
  void *memory = aligned_alloc(64, (bytes + 4095) / 64 * 64);
  if (!memory) abort();
  memset(memory, 0, (bytes + 4095) / 64 * 64);
  return memory;
}

static const char *const names[SPUD_FORMATS] = {
    "f32", "bf16", "f16", "q8_0", "q4_0", "q4_k", "q5_k", "q6_k", "q3_k", "q2_k", "q4_1", "q5_0", "q5_1", "iq4_xs",
    "iq4_nl", "mxfp4",
};
static int failures = 0, comparisons = 0;

/// The largest difference, of the second's root mean square.
static double difference(const float *a, const float *b, int64_t count) {
  double largest = 0, squares = 0;
  for (int64_t i = 0; i < count; i++) {
    const double d = fabs((double)a[i] - (double)b[i]);
    if (!(d <= largest)) largest = d;
    squares += (double)b[i] * (double)b[i];
  }
  return largest / (sqrt(squares / (double)count) + 1e-30);
}

static void expect(int holds, const char *what, const char *format, int64_t rows, double value) {
  comparisons++;
  if (holds) return;
  failures++;
  printf("%s, %s, %lld rows: %g\n", what, format, (long long)rows, value);
}

/// Bytes of panels: any codes, scales of ordinary size.
static uint8_t *random_panels(spud_format format, int64_t panels, size_t panel_bytes, int64_t columns) {
  uint8_t *bytes = allocate((size_t)panels * panel_bytes);
  if (format <= SPUD_Q4_0) {
    float *row = allocate((size_t)columns * 4), *workspace = allocate((size_t)columns * 4);
    for (int64_t panel = 0; panel < panels; panel++) {
      for (int64_t r = 0; r < SPUD_PANEL_ROWS; r++) {
        for (int64_t c = 0; c < columns; c++) row[c] = random_float();
        spud_pack_rows(
            format, bytes + panel * panel_bytes, r, SPUD_FROM_F32, (const uint8_t *)row, 1, columns, workspace);
      }
    }
    free(row);
    free(workspace);
    return bytes;
  }
  const spud_shape shape = spud_shape_of(format);
  for (size_t i = 0; i < (size_t)panels * panel_bytes; i++) bytes[i] = (uint8_t)next_random();
  for (uint8_t *unit = bytes; unit < bytes + (size_t)panels * panel_bytes; unit += spud_shape_bytes(shape)) {
    for (int i = 0; i < (shape.minima ? 64 : 32); i++) {
      // Halves of about 2^-11, of both signs; MXFP4 has a bfloat16.
      const uint32_t random = next_random();
      unit[2 * i + 1] = (uint8_t)(format == SPUD_MXFP4 ? 0x3a + random % 4 : 0x10 | (random & 0x83));
    }
  }
  return bytes;
}

static void compare_products(const spud_kernels *fast, spud_format format) {
  enum { PANELS = 3, OUTPUTS = PANELS * SPUD_PANEL_ROWS - 5, ROWS = 130 };
  const spud_kernels *const slow = spud_kernels_portable();
  const int64_t columns = format <= SPUD_Q4_0 ? 611 : 1536, unit_columns = spud_unit_columns(format);
  const int64_t units = (columns + unit_columns - 1) / unit_columns;
  const size_t panel_bytes = (size_t)units * spud_unit_bytes(format);
  uint8_t *const panels = random_panels(format, PANELS, panel_bytes, columns);
  const size_t stride = spud_input_bytes(fast, format, columns),
      slow_stride = spud_input_bytes(slow, format, columns);
  uint8_t *const inputs = allocate(ROWS * stride), *const slow_inputs = allocate(ROWS * slow_stride);
  float *const row = allocate((size_t)(columns + 32) * 4);
  for (int64_t r = 0; r < ROWS; r++) {
    for (int64_t c = 0; c < columns; c++) row[c] = random_float();
    fast->prepare(format, row, columns, inputs + r * stride);
    slow->prepare(format, row, columns, slow_inputs + r * slow_stride);
  }
  const int are_equal = stride == slow_stride && memcmp(inputs, slow_inputs, ROWS * stride) == 0;
  expect(are_equal, "inputs differ", names[format], ROWS, 0);
  float *const expected = allocate(ROWS * OUTPUTS * 4), *const all = allocate(ROWS * OUTPUTS * 4),
      *const output = allocate(ROWS * OUTPUTS * 4), *const workspace = allocate(SPUD_ROW_BLOCK * SPUD_PANEL_ROWS * 4);
  spud_product p = {.panels = panels, .panel_bytes = panel_bytes, .last_panel = PANELS, .units = units,
      .columns_out = OUTPUTS, .input = slow_inputs, .input_stride = slow_stride, .rows = ROWS, .output = expected,
      .output_stride = OUTPUTS, .workspace = workspace, .format = format};
  slow->product(&p);
  p.input = inputs, p.input_stride = stride, p.output = all;
  fast->product(&p);
  const double error = difference(all, expected, ROWS * OUTPUTS);
  expect(error < 1e-5, "products differ", names[format], ROWS, error);
  static const int64_t counts[] = {1, 2, 3, 4, 5, 7, 13, 95, 97, 129};
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
    p.rows = counts[i], p.output = output;
    fast->product(&p);
    expect(memcmp(output, all, (size_t)(counts[i] * OUTPUTS) * 4) == 0, "a row depends on how many there are",
        names[format], counts[i], 0);
  }
  free(panels), free(inputs), free(slow_inputs), free(row), free(expected), free(all), free(output), free(workspace);
}

static void compare_attention(const spud_kernels *fast, spud_format format, int64_t head_width) {
  enum { POSITIONS = 75, PAGES = 3, ROWS = SPUD_ATTENTION_ROWS };
  const int64_t unit_columns = spud_unit_columns(format), units = (head_width + unit_columns - 1) / unit_columns;
  const size_t key_bytes = (size_t)units * spud_unit_bytes(format),
      value_bytes = (spud_value_bytes(format, head_width) + 63) / 64 * 64;
  uint8_t *keys[PAGES], *values[PAGES];
  float *const row = allocate((size_t)(head_width + 32) * 4);
  for (int page = 0; page < PAGES; page++) {
    keys[page] = allocate(key_bytes + 8192), values[page] = allocate(value_bytes * SPUD_PAGE_POSITIONS);
    for (int64_t r = 0; r < SPUD_PAGE_POSITIONS; r++) {
      for (int64_t c = 0; c < head_width; c++) row[c] = random_float();
      spud_pack_float_row(format, keys[page], r, row, head_width);
      for (int64_t c = 0; c < head_width; c++) row[c] = random_float();
      spud_store_values(format, values[page] + r * value_bytes, row, head_width);
    }
  }
  const float *queries[ROWS];
  float *outputs[2][ROWS];
  int32_t lengths[ROWS], starts[ROWS];
  float sinks[ROWS];
  for (int r = 0; r < ROWS; r++) {
    float *query = allocate((size_t)(head_width + 32) * 4);
    for (int64_t c = 0; c < head_width; c++) query[c] = random_float();
    queries[r] = query;
    for (int way = 0; way < 2; way++) outputs[way][r] = allocate((size_t)(head_width + 32) * 4);
    lengths[r] = POSITIONS - ROWS + 1 + r, starts[r] = r % 2 ? 0 : 20 + r, sinks[r] = r % 3 ? 1.5f : -INFINITY;
  }
  for (int rows = 1; rows <= ROWS; rows++) {
    for (int way = 0; way < 2; way++) {
      const spud_kernels *const kernels = way ? fast : spud_kernels_portable();
      const size_t stride = spud_input_bytes(kernels, format, head_width);
      float *const scores = allocate(ROWS * 96 * 4);
      uint8_t *const prepared = allocate(ROWS * stride);
      const spud_attention a = {.keys = (const uint8_t *const *)keys, .key_panel_bytes = key_bytes, .key_units = units,
          .values = (const uint8_t *const *)values, .value_stride = value_bytes, .queries = queries,
          .outputs = outputs[way], .lengths = lengths, .starts = starts, .sinks = sinks, .rows = rows,
          .head_width = head_width, .scale = 0.2f, .scores = scores, .score_stride = 96, .prepared = prepared,
          .prepared_stride = stride, .format = format};
      kernels->attention(&a);
      free(scores), free(prepared);
    }
    for (int r = 0; r < rows; r++) {
      const double error = difference(outputs[1][r], outputs[0][r], head_width);
      expect(error < 1e-5, "attention differs", names[format], rows, error);
    }
  }
}

static void compare_rows(const spud_kernels *fast) {
  enum { COUNT = 77 };
  const spud_kernels *const slow = spud_kernels_portable();
  float input[COUNT + 32] = {0}, weight[COUNT], a[COUNT], b[COUNT];
  for (int i = 0; i < COUNT; i++) input[i] = random_float(), weight[i] = random_float();
  slow->normalize(input, weight, 1e-5f, COUNT, b), fast->normalize(input, weight, 1e-5f, COUNT, a);
  expect(difference(a, b, COUNT) < 1e-5, "norms differ", "f32", 1, difference(a, b, COUNT));
  memcpy(a, input, sizeof a), memcpy(b, input, sizeof b);
  slow->softmax(b, COUNT), fast->softmax(a, COUNT);
  expect(difference(a, b, COUNT) < 1e-5, "softmax differs", "f32", 1, difference(a, b, COUNT));
}

int main(void) {
  const struct { const char *name; const spud_kernels *kernels; int32_t runs; } levels[] = {
      {"neon", spud_kernels_neon(), spud_cpu_has_neon()},
      {"neon-i8mm", spud_kernels_neon_i8mm(), spud_cpu_has_neon_i8mm()},
  };
  for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
    if (!levels[i].kernels || !levels[i].runs) {
      printf("%s: not compiled, or not for this processor\n", levels[i].name);
      return 1;
    }
    const int before = comparisons, failed = failures;
    for (int format = 0; format < SPUD_FORMATS; format++) compare_products(levels[i].kernels, (spud_format)format);
    const spud_format caches[] = {SPUD_F32, SPUD_BF16, SPUD_Q8_0};
    for (int c = 0; c < 3; c++) {
      compare_attention(levels[i].kernels, caches[c], 64);
      compare_attention(levels[i].kernels, caches[c], 80);
    }
    compare_rows(levels[i].kernels);
    printf("%s: %d of %d comparisons failed\n", levels[i].name, failures - failed, comparisons - before);
  }
  return failures != 0;
}
