#!/bin/sh
# Takes the screenshots from which build.py makes the game samples: real games, without a screen or a GPU.
#
#   apt-get install --no-install-recommends xvfb libgl1-mesa-dri imagemagick xdotool \
#       openarena warzone2100 extremetuxracer openttd openttd-opengfx
#   samples/make/capture.sh FOLDER [openarena|warzone2100|extremetuxracer|openttd ...]
#
# The games draw with Mesa's software renderer at a few frames a second. Bots and other players act at
# random, so every run gives other pictures: look at them and keep the ones that show what they should. The
# pauses suit two idle processor cores; set SLOW=2 to double them where keys come too early.
set -eu

out=${1:?"say where the screenshots go: capture.sh FOLDER [GAME ...]"}
shift
mkdir -p "$out"
[ $# -gt 0 ] || set -- openarena warzone2100 extremetuxracer openttd

PATH=$PATH:/usr/games
work=$(mktemp -d)
export HOME="$work" DISPLAY=":${DISPLAY_NUMBER:-77}" LIBGL_ALWAYS_SOFTWARE=1 ALSOFT_DRIVERS=null
Xvfb "$DISPLAY" -screen 0 1280x720x24 +extension GLX >"$work/xvfb.log" 2>&1 &
screen=$!
game=
finish() {
    [ -z "$game" ] || kill "$game" 2>/dev/null || true
    kill "$screen" 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM

pause() { sleep "$(($1 * ${SLOW:-1}))"; }
hold() { xdotool keydown "$1"; pause "$2"; xdotool keyup "$1"; }
press() { xdotool key "$1"; pause "$2"; }
start() { nice -n 10 "$@" >"$work/game.log" 2>&1 & game=$!; }
stop() { kill "$game" 2>/dev/null || true; wait "$game" 2>/dev/null || true; game=; }
take() { import -window root "$out/$1.png"; echo "$out/$1.png"; }

openarena() {
    start openarena +set r_mode -1 +set r_customwidth 1280 +set r_customheight 720 +set r_fullscreen 0 \
        +set s_initsound 0 +set com_introplayed 1 +set bot_enable 1 +set bot_minplayers 6 +set g_gametype 0 \
        +set fraglimit 0 +set cg_drawFPS 1 +set r_gamma 1.5 +bind F2 '"team s"' +bind F3 '"toggle cg_draw2D"' \
        +bind F4 follownext +map oa_rpg3dm2
    pause 40
    take openarena-fragged # standing still, one is soon shot: "Fragged by ...", "Respawn in ..."
    press F2 12            # watch, and then follow one of the bots
    press F4 38
    take openarena-following
    press F3 5 # the same without any display
    take openarena-bare
    stop
}

warzone2100() {
    mkdir -p "$work/wz/tests"
    cat >"$work/wz/tests/sample.json" <<'JSON'
{"challenge": {"bases": 3, "difficulty": "Medium", "map": "Sk-Rush", "maxPlayers": 4, "powerLevel": 2,
               "scavengers": 1, "version": 2},
 "player_0": {"team": 0},
 "player_1": {"difficulty": "Hard", "team": 1, "ai": "multiplay/skirmish/nb_generic.js"},
 "player_2": {"difficulty": "Hard", "team": 2, "ai": "multiplay/skirmish/nb_generic.js"},
 "player_3": {"difficulty": "Hard", "team": 3, "ai": "multiplay/skirmish/nb_generic.js"}}
JSON
    start warzone2100 --configdir="$work/wz" --nosound --window --resolution=1280x720 --noshadows \
        --autogame --skirmish=sample.json
    pause 60
    xdotool mousemove 686 80 click 1 # a notice about missing videos
    pause 8
    xdotool mousemove 640 360
    hold KP_2 6 # tilt until one looks straight down
    hold Right 1
    pause 6
    take warzone2100-above
    hold KP_8 9 # and up to the horizon
    pause 6
    press Tab 3 # without map and buttons
    take warzone2100-bare
    press Tab 3
    hold KP_2 1
    press Escape 5
    take warzone2100-paused
    stop
}

extremetuxracer() {
    start etr
    pause 25
    xdotool mousemove 640 465 click 1 # "Enter"
    pause 4
    for _ in event cup race; do press Return 5; done
    press Return 8 # skip the intro
    press Return 8
    hold Up 6
    take extremetuxracer-race
    stop
}

openttd() {
    start openttd -r 1280x720 -g -s null -m null
    pause 22
    press Delete 1 # close the messages
    hold Right 1
    press F8 2 # the company's finances
    take openttd-finances
    stop
}

sleep 2
for name; do
    case $name in
    openarena | warzone2100 | extremetuxracer | openttd) "$name" ;;
    *) echo "unknown game '$name'" >&2; exit 2 ;;
    esac
done
