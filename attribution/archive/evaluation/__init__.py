"""Would the forecasts have been right? Scores, baselines, the backtest."""
