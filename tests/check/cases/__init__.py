"""The programs of ``tests/programs``: where their training step is, and the mistakes to make in them."""

from . import layers, losses, models, networks, scripts, updates

CASES = (*scripts.CASES, *losses.CASES, *networks.CASES, *models.CASES, *updates.CASES, *layers.CASES)

# the third that runs in every test run
QUICK = frozenset(
    {
        "house_rent_line",
        "rain_logistic",
        "glass_mlp_class",
        "digits_layer_objects",
        "moons_param_dict",
        "weights_by_hand",
        "gates_np_matrix",
        "sine_star_import",
        "traffic_generator_huber",
        "spam_hinge_while",
        "tiny_scalar_engine",
        "faces_tied_autoencoder",
    }
)
