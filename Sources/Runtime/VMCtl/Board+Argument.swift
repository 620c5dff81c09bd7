// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

public import ArgumentParser
public import DomainXML

extension Domain.Board: ExpressibleByArgument {}
