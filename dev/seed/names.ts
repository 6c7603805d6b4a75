/** Made-up names; the addresses end in .example, which RFC 2606 keeps free for such use. */
export const FIRST_NAMES =
  'Ada Amir Anna Aylin Ben Bruno Carla Chen Clara Dario Diego Elena Elif Emil Farah Felix Freya Gita Hana Hugo Ines Ivan Jana Jonas Kaito Kira Lars Leila Lena Lukas Maja Malik Marta Mateo Mila Nadia Nico Nina Noor Olga Omar Oscar Paula Petra Priya Rafael Rosa Ruth Samir Sara Selin Sofia Tariq Tessa Theo Tomas Uma Vera Viktor Yara Yusuf Zoe'.split(
    ' ',
  );
export const LAST_NAMES =
  'Abbas Ahlberg Almeida Bauer Becker Bianchi Costa Dahl Demir Dupont Eriksen Fischer Fontana Garcia Haddad Hansen Horvat Ibrahim Ito Jansen Kaya Keller Kim Kovac Kumar Larsen Lindgren Lopez Marino Meyer Moreau Nakamura Novak Okafor Olsen Patel Pereira Petrov Quist Ramos Rossi Sato Schmidt Silva Singh Sokolov Tanaka Torres Ueda Vargas Vogel Weber Wong Yilmaz Zeller Zhang'.split(
    ' ',
  );
const FRONT =
  'Alder Amber Arbor Atlas Aurora Bright Canyon Cedar Cobalt Copper Coral Delta Drift Ember Falcon Fern Granite Harbor Hazel Heron Indigo Juniper Kestrel Lantern Larch Lumen Maple Meadow Mica Nimbus North Oak Onyx Orchid Osprey Pebble Pine Quartz Raven Reed River Saffron Sage Silver Slate Sparrow Summit Tidal Timber Umber Vale Violet Willow Wren Zephyr'.split(
    ' ',
  );
const BACK =
  'Analytics Apparel Architects Bakery Biotech Books Builders Clinic Coffee Consulting Dental Design Education Energy Events Finance Foods Freight Games Gardens Health Hotels Insurance Interiors Labs Legal Logistics Media Mobility Motors Music Optics Partners Pharma Photography Press Properties Research Robotics Security Software Solar Sports Studio Supply Systems Textiles Tools Travel Ventures Works'.split(
    ' ',
  );

/** The name of the n-th organisation: all differ for n below 2,800. */
export const organisation = (n: number): string =>
  `${FRONT[n % FRONT.length]} ${BACK[(n * 7 + Math.floor(n / FRONT.length)) % BACK.length]}`;
export const domainOf = (name: string): string => `${name.toLowerCase().replace(/[^a-z]+/g, '-')}.example`;
