internal import ArgumentParser
internal import Foundation
internal import SpudErrors
internal import SpudMemory

/// What unlocks a store of what was read.
struct MemoryKeyOptions: ParsableArguments {
  @Option(
    name: .long,
    help: ArgumentHelp(
      """
      The key of the memory: a file of at least 32 random bytes that only you can read. Default: the file \
      \(MasterKey.name) in $CREDENTIALS_DIRECTORY, else the key \(MasterKey.name) of the kernel's keyring.
      """, valueName: "file"),
    completion: .file())
  var keyFile: String?

  @Option(
    name: .long,
    help: ArgumentHelp("A passphrase instead of a key, in a file that only you can read.", valueName: "file"),
    completion: .file())
  var passphraseFile: String?

  @Flag(name: .long, help: "Ask for a passphrase on the terminal.")
  var passphrase = false

  func validate() throws {
    guard [keyFile != nil, passphraseFile != nil, passphrase].count(where: \.self) <= 1 else {
      throw ValidationError(
        "--key-file, --passphrase-file and --passphrase are three ways to unlock; give one of them.")
    }
  }

  /// The key that the command line names, or else the one that is found; without one nothing is opened.
  func key() throws -> MasterKey {
    try MasterKey.find(given(), environment: Terminal.environment)
  }

  private func given() throws -> MasterKey? {
    if let keyFile { return try .file(keyFile) }
    if let passphraseFile { return try .passphraseFile(passphraseFile) }
    return passphrase ? try .askPassphrase("Passphrase of the memory: ") : nil
  }
}

/// `--memory` and what belongs to it, for commands that answer.
struct MemoryOptions: ParsableArguments {
  @Option(
    name: .customLong("memory"),
    help: ArgumentHelp(
      """
      Remember in this directory, sealed, what is read and written, and read nothing of it again. It is made if it is \
      not there, and needs a key.
      """, valueName: "dir"),
    completion: .directory)
  var directory: String?

  @Option(
    name: .customLong("memory-size"),
    help: ArgumentHelp(
      "The most that the directory may take, such as 500M or 10G. What was used last stays.", valueName: "size"))
  var size: ByteCount = ByteCount(10 << 30)

  @OptionGroup var unlocking: MemoryKeyOptions

  func validate() throws {
    if directory == nil, unlocking.keyFile != nil || unlocking.passphraseFile != nil || unlocking.passphrase {
      throw ValidationError("A key was given, but no --memory that it unlocks.")
    }
  }

  /// Opens the memory; nil where none was asked for.
  func open() throws -> SealedStore? {
    guard let directory else { return nil }
    let store = try SealedStore.open(directory, key: unlocking.key(), size: size)
    if !store.canWrite {
      Terminal.remark("another process writes \(directory), so what it holds is used, but nothing is added")
    }
    return store
  }
}

extension SealedStore {
  /// Opens a store with what the environment says.
  static func open(
    _ directory: String, key: MasterKey, size: ByteCount = ByteCount(10 << 30), readOnly: Bool = false,
    acceptsOlder: Bool = false
  ) throws -> SealedStore {
    var settings = Settings(stateDirectory: try stateDirectory(Terminal.environment))
    settings.byteLimit = size.count
    settings.isReadOnly = readOnly
    settings.acceptsOlder = acceptsOlder
    return try SealedStore(directory, key: key, settings: settings)
  }
}
