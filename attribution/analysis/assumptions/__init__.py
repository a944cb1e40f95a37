"""What the answer owes to the judgement behind the numbers: leaning analysts, wrong models, what was learned."""
