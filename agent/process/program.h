// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace spanwire::process {

// What an interpreter runs, as a person would call it; empty when `executable` is no interpreter
// that we know or its arguments do not tell. `executable` is a base name, `arguments` begin with
// argv[0].
//
//   java -cp … com.acme.Shop      com.acme.Shop       java -jar shop-1.2.jar    shop
//   python3 -m http.server        http.server         python3 /usr/bin/celery   celery
//   node /srv/shop/index.js       shop                ruby bin/puma             puma
//   php artisan.php               artisan             dotnet Shop.dll           Shop
//
// A title that the program gave itself counts where it replaced the arguments: "gunicorn: master
// [shop]" is gunicorn.
std::string ProgramName(std::string_view executable, std::span<const std::string> arguments);

}  // namespace spanwire::process
