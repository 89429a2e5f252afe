#if Server
internal import SpudInference
internal import SpudProtocol

/// The names of what is counted.
enum ServerMetrics {
  private static let seconds = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300]

  static func declare(in metrics: Metrics) {
    metrics.declare("spud_http_requests_total", .counter, "Requests answered, by path and status.")
    metrics.declare("spud_prompt_tokens_total", .counter, "Tokens of prompts that were read.")
    metrics.declare("spud_prompt_tokens_cached_total", .counter, "Tokens of prompts that were found again.")
    metrics.declare("spud_generation_tokens_total", .counter, "Tokens written, by model and modality.")
    metrics.declare("spud_requests_finished_total", .counter, "Answers that ended, by reason.")
    metrics.declare(
      "spud_time_to_first_token_seconds", .histogram, "From the request to its first token.", bounds: seconds)
    metrics.declare(
      "spud_inter_token_latency_seconds", .histogram, "The mean time between two tokens of an answer.",
      bounds: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1])
    metrics.declare(
      "spud_request_duration_seconds", .histogram, "From a request to the end of its answer.", bounds: seconds)
    metrics.declare("spud_requests_running", .gauge, "Answers that are being made.")
    metrics.declare("spud_requests_waiting", .gauge, "Requests that wait for room.")
    metrics.declare("spud_engine_active", .gauge, "Answers that the engine reads or writes for.")
    metrics.declare("spud_engine_waiting", .gauge, "Answers that wait for pages.")
    metrics.declare(
      "spud_engine_seconds_total", .counter, "Time that the engine spent, by what: reading prompts, writing answers.")
    metrics.declare("spud_cache_pages", .gauge, "Pages of 32 positions, by state: free, tree, referenced.")
    metrics.declare(
      "spud_memory_tokens", .gauge, "Tokens that the memory on the disk was given, by state: sealed, waiting.")
    metrics.declare("spud_engine_last_step_age_seconds", .gauge, "Since the engine did something.")
    metrics.declare("spud_uptime_seconds", .gauge, "Since the server began.")
  }
}

extension ServerContext {
  func count(_ entry: AccessLog.Entry, route: String) {
    metrics.add("spud_http_requests_total", 1, ["path": route, "status": "\(entry.status)"])
  }

  func count(_ summary: AnswerSummary, model: String) {
    let (usage, timings) = (summary.usage, summary.timings)
    metrics.add("spud_prompt_tokens_total", Double(timings.read), ["model": model])
    metrics.add("spud_prompt_tokens_cached_total", Double(timings.cached), ["model": model])
    for (name, count) in [("text", usage.answer.text), ("image", usage.answer.image), ("audio", usage.answer.audio)] {
      metrics.add("spud_generation_tokens_total", Double(count), ["model": model, "modality": name])
    }
    metrics.add("spud_requests_finished_total", 1, ["model": model, "reason": summary.reason.rawValue])
    metrics.observe("spud_time_to_first_token_seconds", timings.firstTokenMilliseconds / 1e3, ["model": model])
    if timings.written > 1 {
      let latency = timings.writeMilliseconds / 1e3 / Double(timings.written - 1)
      metrics.observe("spud_inter_token_latency_seconds", latency, ["model": model])
    }
    metrics.observe(
      "spud_request_duration_seconds", (timings.firstTokenMilliseconds + timings.writeMilliseconds) / 1e3,
      ["model": model])
  }

  /// Everything, with what is measured at this moment.
  var metricsText: String {
    for served in registry.models {
      let counts = served.gate.counts
      metrics.set("spud_requests_running", Double(counts.running), ["model": served.name])
      metrics.set("spud_requests_waiting", Double(counts.waiting), ["model": served.name])
      guard case .ready(let model) = served.current else { continue }
      let state = model.engineState
      metrics.set("spud_engine_active", Double(state.active), ["model": served.name])
      metrics.set("spud_engine_waiting", Double(state.waiting), ["model": served.name])
      for (name, time) in [("read", state.readTime), ("write", state.writeTime)] {
        metrics.set("spud_engine_seconds_total", time.milliseconds / 1e3, ["model": served.name, "phase": name])
      }
      let pages = [("free", state.freePages), ("tree", state.treePages), ("referenced", state.referencedPages)]
      for (name, count) in pages {
        metrics.set("spud_cache_pages", Double(count), ["model": served.name, "state": name])
      }
      if memory != nil {
        for (name, count) in [("sealed", state.sealedTokens), ("waiting", state.unsealedTokens)] {
          metrics.set("spud_memory_tokens", Double(count), ["model": served.name, "state": name])
        }
      }
      metrics.set(
        "spud_engine_last_step_age_seconds", state.lastStep.duration(to: .now).milliseconds / 1e3,
        ["model": served.name])
    }
    metrics.set("spud_uptime_seconds", started.duration(to: .now).milliseconds / 1e3)
    return metrics.text
  }
}
#endif
