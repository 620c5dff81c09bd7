// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// A service of gRPC by its whole name.
package enum ServiceName: String, CaseIterable {
    case runtime = "runtime.v1.RuntimeService"
    case image = "runtime.v1.ImageService"
    case health = "grpc.health.v1.Health"
    /// Served on the operator's socket alone.
    case machines = "contrail.vm.v1.Machines"
}
