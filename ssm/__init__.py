"""Sampled softmax and its kin: losses, noise, exact moments and convergence, in PyTorch.

Import the rooms you need, such as ``from ssm import exact, losses, noise``; this one is empty.
"""
