"""Bayesian attribution: who probably did it, how sure are we, what does it rest on, what would change our mind?"""
