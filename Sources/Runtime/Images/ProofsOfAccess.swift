// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Which content this process got under which name with which credentials.
///
/// Nothing of it is on the disk, and no credentials are kept: a digest of them with a random number, which ends with the
/// process. After a restart the servers are asked again.
final class ProofsOfAccess: Sendable {
    private struct Proof: Hashable {
        let name: String
        let image: ImageDigest
        let credentials: ImageDigest
    }

    private static let most = 10_000

    private let salt = (0..<32).map { _ in UInt8.random(in: 0...255) }
    private let proofs = Mutex<Set<Proof>>([])

    /// Notes that credentials gave access to content under a name.
    func add(_ reference: ImageReference, _ image: ImageDigest, _ credentials: Credentials) {
        let proof = proof(reference, image, credentials)
        proofs.withLock { proofs in
            // Whoever is forgotten is asked again.
            if proofs.count >= Self.most { proofs.removeAll() }
            proofs.insert(proof)
        }
    }

    /// Whether they gave access before.
    func contains(_ reference: ImageReference, _ image: ImageDigest, _ credentials: Credentials) -> Bool {
        let proof = proof(reference, image, credentials)
        return proofs.withLock { $0.contains(proof) }
    }

    private func proof(
        _ reference: ImageReference,
        _ image: ImageDigest,
        _ credentials: Credentials
    ) -> Proof {
        // A zero byte, which no part has, keeps the parts apart.
        let text: [UInt8] =
            switch credentials {
            case .basic(let user, let password): [1] + Array(user.utf8) + [0] + Array(password.utf8)
            case .bearer(let token): [2] + Array(token.utf8)
            }
        return Proof(name: reference.name, image: image, credentials: ImageDigest(of: salt + text))
    }
}
