<?php
// SPDX-License-Identifier: Apache-2.0
// Asks upstream and hands the answer on; a connection per call, as PHP has it.
$context = stream_context_create(['http' => ['protocol_version' => 1.1,
                                             'header' => "Connection: close\r\n"]]);
echo file_get_contents('http://127.0.0.1:' . getenv('UPSTREAM') . $_SERVER['REQUEST_URI'], false,
                       $context);
