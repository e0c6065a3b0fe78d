"""The sweep file, the Optuna study, the controller, and the engines that hold lanes."""
