// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

public import ImageFormats

/// An image that the store has.
public struct StoredImage: Hashable, Sendable {
    /// The SHA-256 of its bytes; its text is the image's id.
    public let digest: ImageDigest
    /// The names that lead to it, sorted by text.
    public let names: [ImageReference]
    /// Those of them under which it was pulled, or which demand its digest.
    public let pulledNames: [ImageReference]
    /// Its file, which everybody who knows the path can read and nobody writes.
    public let path: String
    /// The bytes of the file.
    public let size: UInt64
    /// The bytes of the disk that a guest sees.
    public let virtualSize: UInt64
    /// Its format.
    public let format: ImageFormat
    /// Whether it stays without names and uses, too.
    public let isPinned: Bool

    /// `name:tag` of all names with a tag.
    public var repoTags: [String] { names.filter { $0.tag != nil }.map(\.description) }

    /// `name@sha256:…` of the names under which it was pulled: of others nobody knows what their servers have.
    public var repoDigests: [String] { Set(pulledNames.map { "\($0.name)@\(digest)" }).sorted() }
}

/// What the store takes on its file system.
public struct ImageUsage: Hashable, Sendable {
    /// The store's folder.
    public let folder: String
    /// The bytes of disk that its files and folders take.
    public let usedBytes: UInt64
    /// How many files and folders there are.
    public let usedInodes: UInt64
}

/// What a collection removed.
public struct CollectedImages: Hashable, Sendable {
    /// Images that had neither a name nor a user.
    public internal(set) var images: [ImageDigest] = []
    /// The bytes of their files.
    public internal(set) var bytes: UInt64 = 0
    /// How many files that were left by processes that ended too early.
    public internal(set) var leftovers = 0
}
