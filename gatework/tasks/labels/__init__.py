"""What Classifier and Regressor share: how their answers are scored, beside which rivals, drawn and written down."""
