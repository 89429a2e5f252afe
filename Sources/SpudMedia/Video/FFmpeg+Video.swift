import SpudErrors

extension FFmpeg {
  /// Decodes the frames of a video, at `framesPerSecond` or, if that gives too many, at half, a quarter, … of it.
  ///
  /// - Parameter remarks: gains a sentence if the program complained.
  func frames(
    _ bytes: [UInt8], framesPerSecond: Double, limits: MediaLimits, remarks: inout [String]
  ) throws -> (frames: [RGBImage], framesPerSecond: Double) {
    let side = limits.videoFrameSide
    let most = Int((limits.videoSeconds * framesPerSecond).rounded(.up))
    var stream = PAMFrames(name: name, limits: limits)
    var sampler = FrameSampler(limit: limits.videoFrames)
    // Frames larger than `side` are reduced to fit it; their shape stays.
    let filter =
      "fps=\(framesPerSecond),"
      + "scale=w='min(iw,\(side))':h='min(ih,\(side))':force_original_aspect_ratio=decrease:flags=area"
    let job = Job(
      kind: .video, seconds: limits.videoDecodingSeconds, pixels: limits.imagePixels,
      outputBytes: (most + 2) * (side * side * 3 + 128),
      output: [
        "-map", "0:v:0", "-t", "\(limits.videoSeconds + 2 / framesPerSecond)", "-vf", filter,
        "-c:v", "pam", "-pix_fmt", "rgb24", "-f", "image2pipe",
      ])
    let outcome = try run(job, bytes) { piece in
      try stream.append(piece) { frame in sampler.append(frame) }
    }
    guard sampler.seen <= most else {
      throw SpudError(.badData, "\(name): the video lasts longer than the \(limits.videoSeconds) seconds accepted")
    }
    guard case .ended(let complaint) = outcome, !sampler.frames.isEmpty, stream.isAtBoundary else {
      if case .ended(let complaint?) = outcome { throw failure(.video, complaint) }
      throw SpudError(.badData, "\(name): ffmpeg found no frames in it")
    }
    if let complaint {
      let seconds = Double(sampler.seen) / framesPerSecond
      remarks.append(remark(.video, bytes, complaint: complaint, seconds: seconds))
    }
    return (sampler.frames, framesPerSecond / Double(sampler.stride))
  }
}
