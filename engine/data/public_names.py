"""Names of public files of drawings and models, as their publishers list them."""

from __future__ import annotations


def _listed(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(","))


# Source: the list of models in the README of @magenta/sketch.
MAGENTA_MODELS = _listed(
    """
    alarm_clock, ambulance, angel, ant, antyoga, backpack, barn, basket, bear, bee, beeflower, bicycle, bird, book,
    brain, bridge, bulldozer, bus, butterfly, cactus, calendar, castle, cat, catbus, catpig, chair, couch, crab,
    crabchair, crabrabbitfacepig, cruise_ship, diving_board, dog, dogbunny, dolphin, duck, elephant, elephantpig,
    everything, eye, face, fan, fire_hydrant, firetruck, flamingo, flower, floweryoga, frog, frogsofa, garden, hand,
    hedgeberry, hedgehog, helicopter, kangaroo, key, lantern, lighthouse, lion, lionsheep, lobster, map, mermaid,
    monapassport, monkey, mosquito, octopus, owl, paintbrush, palm_tree, parrot, passport, peas, penguin, pig,
    pigsheep, pineapple, pool, postcard, power_outlet, rabbit, rabbitturtle, radio, radioface, rain, rhinoceros,
    rifle, roller_coaster, sandwich, scorpion, sea_turtle, sheep, skull, snail, snowflake, speedboat, spider,
    squirrel, steak, stove, strawberry, swan, swing_set, the_mona_lisa, tiger, toothbrush, toothpaste, tractor,
    trombone, truck, whale, windmill, yoga, yogabicycle
    """
)

# Models of two or more categories at once, whose names run together.
MAGENTA_MIXTURES = {
    "antyoga": "Ant and yoga",
    "beeflower": "Bee and flower",
    "catbus": "Cat and bus",
    "catpig": "Cat and pig",
    "crabchair": "Crab and chair",
    "crabrabbitfacepig": "Crab, rabbit, face and pig",
    "dogbunny": "Dog and bunny",
    "elephantpig": "Elephant and pig",
    "floweryoga": "Flower and yoga",
    "frogsofa": "Frog and sofa",
    "hedgeberry": "Hedgehog and berry",
    "lionsheep": "Lion and sheep",
    "monapassport": "Mona Lisa and passport",
    "pigsheep": "Pig and sheep",
    "rabbitturtle": "Rabbit and turtle",
    "radioface": "Radio and face",
    "yogabicycle": "Yoga and bicycle",
}

# SHA-256 of the files whose content is known; the others are checked by reading them.
MAGENTA_SHA256 = {
    "ambulance": "d04c3bca463a3ac69cf1010a30c576c9dcaaf408d8ff6dcc0283e33a01616b69",
    "bear": "10e48f85ab474c3e9949f500c685c7d5e0972011529ecd3c9817a66fd351287e",
    "bicycle": "cc99844c4d2ba7f88695065d3a541e00ab454587577c77a0cccfc81e67e7ef52",
    "bird": "d0b3085fa5dd12c194e395c8c04dd924f1b6e20ca5165a5bf4bfed5e44da82ce",
    "bulldozer": "ccb6cde65b0230eb5772183a5777bd8465bc07037bd595e732ca839479dc8cfc",
    "dog": "911cbbf38bdeea3c2487ec22c2855718862c41fa59312c29072f1805510a004e",
    "dolphin": "dfaee5d4e97bc3a886b6d82807213126d95bc75f10f6d9b8bcbdc43913671bed",
    "hedgehog": "5a13a23b73fbd45bd659f94921d96a6084dc4305025807f2651e16fbc563d476",
    "key": "e7a712ed671db92921052db40b8933290e3c3c9ad486a7e50035f05b74300198",
    "lantern": "5001f09ecf4bc601cfd1170ec7bc0c44359881980cee0c7ff5bd8d21321bbba3",
    "lobster": "a2105046ce7a8accc132b2023592bfa9da6d7ca056c4c5fce689ab791312f238",
    "monkey": "5b0781f2652289a941009fc146e74de5db012bf117e43a6a7f24620cdafa9107",
    "mosquito": "4cb1cea7f4a980eaa2930dc63f8c7d4d25bb6fe13826bb302428f0f79496a867",
    "palm_tree": "a9bac0558d232e51f1f1c551f0c62c6bab337ef7ced5675ae0bedeb09a018c74",
    "parrot": "196433740b5b7336120bb74cce8e6a4fe7965bd9167bbb062da1a51ad9ca89fc",
    "rabbit": "a2a0663c4a2eedeee096986a214534990312a8168f8d386e21a633ea3cbfdac1",
    "rhinoceros": "fb255888436357ff28624e3f8a2da22dbe6a9414bc2c14ad8c3d5773cbf3e640",
    "roller_coaster": "89dab6939aab2a7b9cda2683906f2ff63addc7c254ea0c95903188ee1a8b420f",
    "sheep": "02de4ccaa4abe221a8aab889e37746bc498d1433ea5808f0155960ac429941c0",
    "tiger": "5638480b99632685f8a4e6cdcaaa7b0fba14a4c60ae0587681c53ebd6658e405",
    "toothbrush": "ecdd871eae09f6b9bd8ad449c5f1d99b5ea5a357a00b0b47a87babd41dd7f6af",
    "trombone": "10b1e837f01e38f663642c7e2111ca0843bdcfbcd422d7301f244f552dd049a1",
}

# Source: categories.txt of the Quick, Draw! dataset.
QUICKDRAW_CATEGORIES = _listed(
    """
    The Eiffel Tower, The Great Wall of China, The Mona Lisa, aircraft carrier, airplane, alarm clock, ambulance,
    angel, animal migration, ant, anvil, apple, arm, asparagus, axe, backpack, banana, bandage, barn, baseball,
    baseball bat, basket, basketball, bat, bathtub, beach, bear, beard, bed, bee, belt, bench, bicycle, binoculars,
    bird, birthday cake, blackberry, blueberry, book, boomerang, bottlecap, bowtie, bracelet, brain, bread, bridge,
    broccoli, broom, bucket, bulldozer, bus, bush, butterfly, cactus, cake, calculator, calendar, camel, camera,
    camouflage, campfire, candle, cannon, canoe, car, carrot, castle, cat, ceiling fan, cell phone, cello, chair,
    chandelier, church, circle, clarinet, clock, cloud, coffee cup, compass, computer, cookie, cooler, couch, cow,
    crab, crayon, crocodile, crown, cruise ship, cup, diamond, dishwasher, diving board, dog, dolphin, donut, door,
    dragon, dresser, drill, drums, duck, dumbbell, ear, elbow, elephant, envelope, eraser, eye, eyeglasses, face,
    fan, feather, fence, finger, fire hydrant, fireplace, firetruck, fish, flamingo, flashlight, flip flops, floor
    lamp, flower, flying saucer, foot, fork, frog, frying pan, garden, garden hose, giraffe, goatee, golf club,
    grapes, grass, guitar, hamburger, hammer, hand, harp, hat, headphones, hedgehog, helicopter, helmet, hexagon,
    hockey puck, hockey stick, horse, hospital, hot air balloon, hot dog, hot tub, hourglass, house, house plant,
    hurricane, ice cream, jacket, jail, kangaroo, key, keyboard, knee, knife, ladder, lantern, laptop, leaf, leg,
    light bulb, lighter, lighthouse, lightning, line, lion, lipstick, lobster, lollipop, mailbox, map, marker,
    matches, megaphone, mermaid, microphone, microwave, monkey, moon, mosquito, motorbike, mountain, mouse,
    moustache, mouth, mug, mushroom, nail, necklace, nose, ocean, octagon, octopus, onion, oven, owl, paint can,
    paintbrush, palm tree, panda, pants, paper clip, parachute, parrot, passport, peanut, pear, peas, pencil,
    penguin, piano, pickup truck, picture frame, pig, pillow, pineapple, pizza, pliers, police car, pond, pool,
    popsicle, postcard, potato, power outlet, purse, rabbit, raccoon, radio, rain, rainbow, rake, remote control,
    rhinoceros, rifle, river, roller coaster, rollerskates, sailboat, sandwich, saw, saxophone, school bus,
    scissors, scorpion, screwdriver, sea turtle, see saw, shark, sheep, shoe, shorts, shovel, sink, skateboard,
    skull, skyscraper, sleeping bag, smiley face, snail, snake, snorkel, snowflake, snowman, soccer ball, sock,
    speedboat, spider, spoon, spreadsheet, square, squiggle, squirrel, stairs, star, steak, stereo, stethoscope,
    stitches, stop sign, stove, strawberry, streetlight, string bean, submarine, suitcase, sun, swan, sweater, swing
    set, sword, syringe, t-shirt, table, teapot, teddy-bear, telephone, television, tennis racquet, tent, tiger,
    toaster, toe, toilet, tooth, toothbrush, toothpaste, tornado, tractor, traffic light, train, tree, triangle,
    trombone, truck, trumpet, umbrella, underwear, van, vase, violin, washing machine, watermelon, waterslide,
    whale, wheel, windmill, wine bottle, wine glass, wristwatch, yoga, zebra, zigzag
    """
)
