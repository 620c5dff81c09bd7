// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// Which domain is meant.
///
/// Both must be right: a name may have been given to another domain since, and a UUID may be another's, too.
public struct DomainIdentity: Hashable, Sendable {
    /// The domain's name.
    public let name: String
    /// Its UUID, in lower case.
    public let uuid: String

    /// A domain of this name and UUID.
    public init(name: String, uuid: String) {
        self.name = name
        self.uuid = uuid.lowercased()
    }
}

/// Who made a domain, as its metadata says.
public struct OwnerMark: Hashable, Sendable {
    /// The namespace of the element in the metadata.
    public let namespace: String
    /// Its attribute `owner`.
    public let owner: String

    /// The mark of an owner.
    public init(namespace: String, owner: String) {
        self.namespace = namespace
        self.owner = owner
    }
}
