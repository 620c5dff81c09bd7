// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// An image as a caller names it.
public struct ImageReference: Hashable, Sendable {
    /// The name, or the id under which the store knows it.
    public var name: String
    /// Annotations of the pod that may matter for the image.
    public var annotations: [String: String]
    /// The name as the pod's author wrote it; empty where the caller does not tell.
    public var userSpecifiedName: String
    /// The handler of the pod's RuntimeClass; empty for the default.
    public var runtimeHandler: String

    /// A reference.
    public init(
        _ name: String,
        annotations: [String: String] = [:],
        userSpecifiedName: String = "",
        runtimeHandler: String = ""
    ) {
        self.name = name
        self.annotations = annotations
        self.userSpecifiedName = userSpecifiedName
        self.runtimeHandler = runtimeHandler
    }
}

extension ImageReference {
    /// The same under the name that the pod's author wrote, where the caller says it: kubelet asks by an id.
    public var asRequested: ImageReference {
        guard !userSpecifiedName.isEmpty else { return self }
        var requested = self
        requested.name = userSpecifiedName
        return requested
    }
}

/// What a caller lets us show to a registry or server.
///
/// It never gets into a log: its description says nothing of it.
public struct ImageCredentials: Hashable, Sendable, CustomStringConvertible {
    /// A user's name; empty for none.
    public var user: String
    /// The user's password.
    public var password: String
    /// User and password in base64, as in a Docker configuration; empty for none.
    public var basic: String
    /// The server that they are for; empty for the image's.
    public var server: String
    /// A token to get others with; empty for none.
    public var identityToken: String
    /// A bearer token; empty for none.
    public var bearerToken: String

    /// Credentials.
    public init(
        user: String = "",
        password: String = "",
        basic: String = "",
        server: String = "",
        identityToken: String = "",
        bearerToken: String = ""
    ) {
        self.user = user
        self.password = password
        self.basic = basic
        self.server = server
        self.identityToken = identityToken
        self.bearerToken = bearerToken
    }

    /// That there are credentials, not which.
    public var description: String { "(credentials)" }
}

/// An image that is in the store.
public struct ImageStatus: Hashable, Sendable {
    /// Its id: "sha256:" and the digest of its content.
    public var id: String
    /// The names by which it is known.
    public var tags: [String]
    /// Names with digests, "name@sha256:...".
    public var digests: [String]
    /// Its size on the disk in bytes.
    public var size: UInt64
    /// How it is to be asked for: by its id, whatever it was asked for by.
    public var reference: ImageReference
    /// Whether kubelet must not remove it to get space.
    public var isPinned: Bool
    /// More, by name, for people; only where the call was verbose.
    public var details: [String: String]

    /// An image.
    public init(
        id: String,
        tags: [String],
        digests: [String],
        size: UInt64,
        reference: ImageReference,
        isPinned: Bool = false,
        details: [String: String] = [:]
    ) {
        self.id = id
        self.tags = tags
        self.digests = digests
        self.size = size
        self.reference = reference
        self.isPinned = isPinned
        self.details = details
    }
}

/// What images, or a container's disks, take of a file system.
public struct FilesystemUsage: Hashable, Sendable {
    /// When it was measured, in nanoseconds since 1970.
    public var measuredAt: Int64
    /// A path in the file system: kubelet finds out which one it is.
    public var path: String
    /// Bytes used.
    public var usedBytes: UInt64
    /// Inodes used.
    public var usedInodes: UInt64

    /// A usage.
    public init(measuredAt: Int64, path: String, usedBytes: UInt64, usedInodes: UInt64) {
        self.measuredAt = measuredAt
        self.path = path
        self.usedBytes = usedBytes
        self.usedInodes = usedInodes
    }
}

/// Keeps images: what the image half of the Container Runtime Interface asks for, without its transport.
public protocol ImageService: Sendable {
    /// The images in the store; only those that a reference names, where there is one.
    func images(_ reference: ImageReference?) async throws(PodServiceError) -> [ImageStatus]

    /// One image; nil where it is not in the store, which is not an error.
    func imageStatus(
        _ reference: ImageReference,
        isVerbose: Bool
    ) async throws(PodServiceError)
        -> ImageStatus?

    /// Gets an image, and returns the id by which it is to be named from then on.
    ///
    /// `sandbox`: the sandbox that it is for; nil where the caller does not tell.
    func pull(
        _ reference: ImageReference,
        credentials: ImageCredentials?,
        sandbox: PodSandboxConfiguration?
    ) async throws(PodServiceError) -> String

    /// Removes an image; done again, and for one that is not there, it succeeds.
    func remove(_ reference: ImageReference) async throws(PodServiceError)

    /// What images take of their file systems.
    func usage() async throws(PodServiceError) -> [FilesystemUsage]
}
