import SpudErrors

extension FFmpeg {
  /// Decodes the first picture of a file.
  ///
  /// - Parameter remarks: gains a sentence if the program complained.
  func picture(_ bytes: [UInt8], limits: MediaLimits, remarks: inout [String]) throws -> RGBImage {
    var frames = PAMFrames(name: name, limits: limits)
    var first: RGBImage?
    let job = Job(
      kind: .picture, seconds: limits.imageDecodingSeconds, pixels: limits.imagePixels,
      outputBytes: limits.imagePixels * 4 + 1_024,
      output: ["-map", "0:v:0", "-frames:v", "1", "-c:v", "pam", "-pix_fmt", "rgba", "-f", "image2pipe"])
    let outcome = try run(job, bytes) { piece in
      try frames.append(piece) { first = first ?? $0 }
    }
    guard case .ended(let complaint) = outcome, let first, frames.isAtBoundary else {
      if case .ended(let complaint?) = outcome { throw failure(.picture, complaint) }
      throw SpudError(.badData, "\(name): ffmpeg found no picture in it")
    }
    if let complaint { remarks.append(damaged(complaint)) }
    return first
  }
  /// Decodes the first picture of a file to the planes that its codec has: `ffmpeg` would convert them to RGB without
  /// interpolating colours.
  ///
  /// - Parameters:
  ///   - filter: what is done to the planes first, if anything.
  ///   - remarks: gains a sentence if the program complained.
  /// - Returns: the planes, and whether the stream says that they use all of their range.
  func planes(
    _ bytes: [UInt8], filter: String? = nil, limits: MediaLimits, remarks: inout [String]
  ) throws -> (picture: YUVPicture, isFullRange: Bool?) {
    var stream = Y4MFrames(name: name, limits: limits)
    let job = Job(
      kind: .picture, seconds: limits.imageDecodingSeconds, pixels: limits.imagePixels,
      outputBytes: limits.imagePixels * 6 + 1_024,
      output: ["-map", "0:v:0", "-frames:v", "1"] + (filter.map { ["-vf", $0] } ?? [])
        + ["-strict", "-1", "-f", "yuv4mpegpipe"])
    guard case .ended(let complaint) = try run(job, bytes, receive: { try stream.append($0) }) else {
      throw SpudError(.badData, "\(name): ffmpeg found no picture in it")
    }
    guard let picture = stream.frames.first else { throw failure(.picture, complaint) }
    if let complaint { remarks.append(damaged(complaint)) }
    return (picture, stream.isFullRange)
  }

  private func damaged(_ complaint: String) -> String {
    "\(name): the picture is damaged or cut short: ffmpeg says '\(complaint)'"
  }
}
