"""``python -m photochrom.training``: train a recipe on photos."""

import argparse
from pathlib import Path

from safetensors.torch import load_file

from photochrom.data.shards import load
from photochrom.training.loop import Budget, train
from photochrom.training.recipe import load_recipe


def main() -> None:
    """Parse the command line and train."""
    parser = argparse.ArgumentParser(prog="python -m photochrom.training", description=main.__doc__)
    parser.add_argument("recipe", help="a recipe's name or a .toml file")
    parser.add_argument("--data", type=Path, nargs="+", required=True, help="folders or .tar files of photos")
    parser.add_argument("--encoder", type=Path, help="safetensors with MobileNetV2's ImageNet weights")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--steps", type=int)
    parser.add_argument("--limit", type=int, help="use only so many files")
    parser.add_argument("--resume", action="store_true")
    args = parser.parse_args()
    recipe = load_recipe(args.recipe)
    photos = load(args.data, limit=args.limit)
    print(photos, flush=True)
    encoder = load_file(args.encoder) if args.encoder else None
    train(recipe, photos, args.out, Budget(args.minutes, args.steps), encoder=encoder, resume=args.resume)


if __name__ == "__main__":
    main()
